import 'reflect-metadata';
import { explainFailure } from '#apps/api/explain-failure.js';
import { startSystem, type System } from './system.js';

/** `npm start`: the whole product on embedded defaults, and one block that says where everything is. */
const system = await startSystem(process.env).catch((error: unknown) => {
  process.stderr.write(`\n${explainFailure(error)}\n\n`);
  process.exit(1);
});
stopOnSignal(system);
process.stdout.write(banner(system));

function banner({ apiUrl, simulatorUrl, admin }: System): string {
  return `
  deskflow-ghl is running

    API and settings page   ${apiUrl}
    Swagger UI              ${apiUrl}/docs
    HighLevel simulator     ${simulatorUrl}
    Demo administrator      ${admin.email} / ${admin.password}

    Ctrl-C stops everything; npm run reset clears the data.

`;
}

/** The first signal stops in order; a second one, from somebody who will not wait, ends the process at once. */
function stopOnSignal(running: System): void {
  const stop = (): void => {
    process.once('SIGINT', () => process.exit(130));
    void running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`could not stop cleanly: ${explainFailure(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
