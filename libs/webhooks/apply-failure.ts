import { isDataFault } from '#libs/database';
import { backoffMs, LeaseLost, MAX_ATTEMPTS } from '#libs/queue';

/** What becomes of an event that could not be applied. */
export type ApplyReaction =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly reason: 'cannot_be_applied' | 'too_many_attempts' }
  /** Somebody else has the row. */
  | { readonly kind: 'nothing' };

/** @param attempts how often the event was tried, this time included */
export function reactTo(error: unknown, attempts: number, random = Math.random): ApplyReaction {
  if (error instanceof LeaseLost) return { kind: 'nothing' };
  if (isPermanent(error)) return { kind: 'dead', reason: 'cannot_be_applied' };
  if (attempts >= MAX_ATTEMPTS) return { kind: 'dead', reason: 'too_many_attempts' };
  return { kind: 'retry', delayMs: backoffMs(attempts, random) };
}

/** The same bytes would fail in the same way: values no column takes, or a shape our code stumbles over. */
function isPermanent(error: unknown): boolean {
  return isDataFault(error) || error instanceof TypeError || error instanceof RangeError;
}
