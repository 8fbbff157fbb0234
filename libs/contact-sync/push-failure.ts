import {
  HighLevelUnavailable,
  LocationSuspended,
  NotConnected,
  ReauthorizationRequired,
  RefreshLeftToDeskFlow,
  TokenUnreadable,
} from '#libs/integrations';
import { HighLevelError, type HighLevelErrorKind, RateBudgetExhausted } from '#libs/highlevel';
import { backoffMs, LeaseLost, MAX_ATTEMPTS } from '#libs/queue';
import { DuplicateInHighLevel } from './contact-pusher.js';
import { PlanOutdated } from './push-completion.js';

/** What becomes of outbox rows whose push failed. */
export type PushReaction =
  | { readonly kind: 'retry'; readonly delayMs: number; readonly isAttempt: boolean }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'ignored'; readonly reason: string }
  /** Somebody else has the rows. */
  | { readonly kind: 'nothing' };

/** Until the connection is looked at again. The processor takes no rows of a connection that is known to be unwell. */
const UNWELL_DELAY_MS = 60_000;

/** HighLevel will refuse the same call again; a later change of the contact makes a new row. */
const FINAL: Partial<Record<HighLevelErrorKind, string>> = {
  invalid: 'refused_by_highlevel',
  forbidden: 'forbidden',
  scope_missing: 'scope_missing',
  not_found: 'deleted_in_highlevel',
  duplicate_contact: 'duplicate_in_highlevel',
};

/** @param attempts how often the rows were tried, this time included */
export function reactTo(
  error: unknown,
  attempts: number,
  now = Date.now(),
  random = Math.random,
): PushReaction {
  if (error instanceof LeaseLost) return { kind: 'nothing' };
  if (error instanceof PlanOutdated) return retry(0, true, attempts);
  if (error instanceof DuplicateInHighLevel) return { kind: 'dead', reason: 'duplicate_in_highlevel' };
  if (error instanceof RateBudgetExhausted) return wait(error.retryAfterMs);
  if (error instanceof HighLevelError) return reactToAnswer(error, attempts, random);
  if (error instanceof NotConnected) return { kind: 'ignored', reason: 'disconnected' };
  if (error instanceof LocationSuspended || error instanceof HighLevelUnavailable) {
    return wait(Math.max(error.retryAt.getTime() - now, 0));
  }
  const isConnection =
    error instanceof ReauthorizationRequired ||
    error instanceof RefreshLeftToDeskFlow ||
    error instanceof TokenUnreadable;
  return isConnection ? wait(UNWELL_DELAY_MS) : retry(backoffMs(attempts, random), true, attempts);
}

function reactToAnswer(error: HighLevelError, attempts: number, random: () => number): PushReaction {
  const reason = FINAL[error.kind];
  if (reason !== undefined) return { kind: 'dead', reason };
  if (error.kind === 'token_rejected') return wait(UNWELL_DELAY_MS);
  if (error.kind === 'rate_limited') return wait(error.retryAfterMs ?? backoffMs(attempts, random));
  return retry(error.retryAfterMs ?? backoffMs(attempts, random), true, attempts);
}

function retry(delayMs: number, isAttempt: boolean, attempts: number): PushReaction {
  return attempts >= MAX_ATTEMPTS
    ? { kind: 'dead', reason: 'too_many_attempts' }
    : { kind: 'retry', delayMs, isAttempt };
}

/** Not the contact's fault: it may take days and costs no attempt. */
function wait(delayMs: number): PushReaction {
  return { kind: 'retry', delayMs, isAttempt: false };
}
