import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats the assertions until they hold; the last failure is thrown when they do not in time. */
export async function eventually<T>(assertions: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertions();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
