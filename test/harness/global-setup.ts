import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

declare global {
  var testCluster: ChildProcess | undefined;
}

interface Ready {
  readonly url: string;
  readonly template: string;
}

const ROOT = join(import.meta.dirname, '..', '..');

/** Starts the PostgreSQL that all test files of this run share (see cluster.ts); `useDatabase()` reads the variables. */
export default async function globalSetup(): Promise<void> {
  const child = fork(join(ROOT, 'test', 'harness', 'cluster.ts'), {
    cwd: ROOT,
    execArgv: ['--import', './scripts/typescript-loader.mjs'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Ready));
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`The test database ended with code ${code ?? '?'} before it was ready`)),
    );
  });
  process.env['TEST_POSTGRES_URL'] = ready.url;
  process.env['TEST_POSTGRES_TEMPLATE'] = ready.template;
  globalThis.testCluster = child;
}
