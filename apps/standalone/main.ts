import 'reflect-metadata';
import { explainFailure } from '#apps/api/explain-failure.js';
import { startSystem, type System } from './system.js';

/** Signals that come this close together are one (milliseconds). */
const SAME_SIGNAL_MS = 1_000;

/** `npm start`: the whole product on embedded defaults, and one block that says where everything is. */
const starting = startSystem(process.env);
stopOnSignal(starting);
try {
  process.stdout.write(banner(await starting));
} catch (error) {
  process.stderr.write(`\n${explainFailure(error)}\n\n`);
  process.exit(1);
}

function banner({ apiUrl, simulatorUrl, admin }: System): string {
  return `
  deskflow-ghl is running

    Settings page           ${apiUrl}/app
    API                     ${apiUrl}
    Swagger UI              ${apiUrl}/docs
    HighLevel simulator     ${simulatorUrl}
    Demo administrator      ${admin.email} / ${admin.password}

    Ctrl-C stops everything; npm run reset clears the data.

`;
}

/**
 * The first signal stops in order. One Ctrl-C may arrive twice, from the terminal and from npm, so only a later one,
 * from somebody who will not wait, ends the process at once.
 */
function stopOnSignal(system: Promise<System>): void {
  let stoppingSince: number | undefined;
  const onSignal = (): void => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      void stop(system);
    } else if (performance.now() - stoppingSince > SAME_SIGNAL_MS) {
      process.exit(130);
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** What is starting is started first: half a system cannot be stopped in order. */
async function stop(system: Promise<System>): Promise<void> {
  try {
    await (await system).stop();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`could not stop cleanly: ${explainFailure(error)}\n`);
    process.exit(1);
  }
}
