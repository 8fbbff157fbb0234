import { type DomainError } from '#libs/errors';
import { HighLevelUnavailable, LocationSuspended, ReauthorizationRequired } from './connection-errors.js';
import { retryDelayMs, SUSPENDED_RETRY_MS } from './retry-schedule.js';
import { type RecordedFailure, type StoredTokens } from './stored-tokens.js';
import { type RenewalFailure } from './token-renewal.js';
import { type TokenSubject } from './token-subject.js';

/** How a failure leaves the row. The stored refresh token stays in every case (HL 2.5). */
export function recordedFailure(
  { health }: StoredTokens,
  { kind, reason, retryAfterMs }: RenewalFailure,
  at: Date,
): RecordedFailure {
  switch (kind) {
    case 'refused':
      return { state: 'reauthorization_required', reason, nextAttemptAt: null };
    case 'suspended':
      return { state: 'suspended', reason, nextAttemptAt: new Date(at.getTime() + SUSPENDED_RETRY_MS) };
    case 'transient': {
      const delay = retryDelayMs(health.consecutiveFailures + 1, retryAfterMs, Math.random());
      return { state: health.state, reason, nextAttemptAt: new Date(at.getTime() + delay) };
    }
  }
}

/** The same failure as the caller sees it. */
export function failureError(subject: TokenSubject, failure: RecordedFailure, at: Date): DomainError {
  const { state, reason, nextAttemptAt } = failure;
  if (!nextAttemptAt) return new ReauthorizationRequired(subject, reason, at);
  if (state === 'suspended') return new LocationSuspended(subject, nextAttemptAt);
  return new HighLevelUnavailable(subject, reason, nextAttemptAt);
}

/** The error of an earlier failure while its waiting time lasts; undefined when HighLevel may be asked. */
export function pendingFailure({ subject, health }: StoredTokens, at: Date): DomainError | undefined {
  const { state, reason, nextAttemptAt } = health;
  if (!nextAttemptAt || nextAttemptAt <= at) return undefined;
  return failureError(subject, { state, reason: reason ?? 'unknown', nextAttemptAt }, at);
}
