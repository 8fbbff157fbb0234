/** The first retry after a failure that is likely to pass; doubled with each failure that follows. */
const FIRST_RETRY_MS = 30_000;
/** Refreshing starts hours ahead of expiry, so an hour between tries still leaves several. */
const MAX_RETRY_MS = 3_600_000;
/** HighLevel may ask for longer; a hostile or mistaken Retry-After must not park a connection for weeks. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;
/** A suspended location comes back when somebody pays: hours, not minutes (HL 2.6). */
export const SUSPENDED_RETRY_MS = 3 * 3_600_000;

/**
 * Milliseconds until the next try after the given number of failures in a row (from 1).
 * `random` in [0, 1) spreads the tries over the second half, so that a thousand hooks that failed at once do not
 * come back at once.
 */
export function retryDelayMs(
  consecutiveFailures: number,
  retryAfterMs: number | undefined,
  random: number,
): number {
  const full = Math.min(FIRST_RETRY_MS * 2 ** (consecutiveFailures - 1), MAX_RETRY_MS);
  const spread = full / 2 + (full / 2) * random;
  return Math.max(spread, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}
