import { type RetryPolicy } from './settings.js';

const MINUTE_MS = 60_000;
/** HL 4.3: up to six retries after a 429, ten minutes apart plus jitter. */
const RETRIES_AFTER_429 = 6;
const PAUSE_AFTER_429_MS = 10 * MINUTE_MS;
const JITTER_MS = MINUTE_MS;
/** HL 4.3 says "exponential, up to three days"; that it begins with a minute and doubles is our reading. */
const FIRST_PAUSE_MS = MINUTE_MS;
const LONGEST_BACKOFF_MS = 3 * 24 * 60 * MINUTE_MS;

/**
 * How long to wait before a delivery is tried again, in HighLevel's time; undefined: never again.
 * @param answers status of each attempt so far, 0 where none came (timeout, no connection)
 * @param random 0 to 1, spreads the retries
 */
export function pauseBeforeRetry(
  policy: RetryPolicy,
  answers: readonly number[],
  random: number,
): number | undefined {
  const last = answers.at(-1);
  if (policy === 'never' || last === undefined || (last >= 200 && last < 300)) return undefined;
  if (last === 429) {
    const refused = answers.filter((status) => status === 429).length;
    return refused <= RETRIES_AFTER_429 ? PAUSE_AFTER_429_MS + random * JITTER_MS : undefined;
  }
  if (policy === 'only-429') return undefined;
  const failures = answers.filter((status) => status !== 429).length;
  const pause = FIRST_PAUSE_MS * 2 ** (failures - 1);
  const waited = pause - FIRST_PAUSE_MS; // the sum of all pauses before: 1 + 2 + 4 … = next − 1
  return waited + pause <= LONGEST_BACKOFF_MS ? pause : undefined;
}
