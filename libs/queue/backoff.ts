const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 3_600_000;

/**
 * How long to wait after the n-th failed attempt (milliseconds). Doubles from a second to an hour; half of it is
 * chance, so that what failed together does not come back together.
 */
export function backoffMs(attempts: number, random = Math.random): number {
  const longest = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), LONGEST_DELAY_MS);
  return Math.round(longest * (0.5 + random() / 2));
}
