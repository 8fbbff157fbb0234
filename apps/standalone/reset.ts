import { explainFailure } from '#apps/api/explain-failure.js';
import { resetData } from '#libs/database';

/** `npm run reset`: removes everything that `npm start` and `npm run demo` have stored. */
const dataDir = process.env['DATA_DIR'] ?? '.data';
await resetData(dataDir).catch((error: unknown) => {
  process.stderr.write(`\n${explainFailure(error)}\n\n`);
  process.exit(1);
});
process.stdout.write(`${dataDir} is empty again\n`);
