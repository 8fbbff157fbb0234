import { resetData } from '#libs/database';

/** `npm run reset`: removes everything that `npm start` and `npm run demo` have stored. */
const dataDir = process.env['DATA_DIR'] ?? '.data';
await resetData(dataDir).catch((error: unknown) => {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\n`);
  process.exit(1);
});
process.stdout.write(`${dataDir} is empty again\n`);
