import { once } from 'node:events';

/** Lets go of the run's PostgreSQL; it stops and removes its files. */
export default async function globalTeardown(): Promise<void> {
  const child = globalThis.testCluster;
  if (!child || child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}
