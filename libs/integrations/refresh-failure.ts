import { type DomainError } from '#libs/errors';
import { HighLevelUnavailable, LocationSuspended, ReauthorizationRequired } from './connection-errors.js';
import { type ConnectionFailure } from './connections.js';
import { retryDelayMs, SUSPENDED_RETRY_MS } from './retry-schedule.js';
import { type StoredTokens } from './stored-tokens.js';
import { type RenewalFailure } from './token-renewal.js';

/** How a failure leaves the connection. The stored refresh token stays in every case (HL 2.5). */
export function connectionFailure(
  { connection }: StoredTokens,
  { kind, reason, retryAfterMs }: RenewalFailure,
  at: Date,
): ConnectionFailure {
  switch (kind) {
    case 'refused':
      return { state: 'reauthorization_required', reason, nextAttemptAt: null };
    case 'suspended':
      return { state: 'suspended', reason, nextAttemptAt: new Date(at.getTime() + SUSPENDED_RETRY_MS) };
    case 'transient': {
      const delay = retryDelayMs(connection.consecutiveFailures + 1, retryAfterMs, Math.random());
      return { state: connection.state, reason, nextAttemptAt: new Date(at.getTime() + delay) };
    }
  }
}

/** The same failure as the caller sees it. */
export function failureError(hookId: number, failure: ConnectionFailure, at: Date): DomainError {
  const { state, reason, nextAttemptAt } = failure;
  if (!nextAttemptAt) return new ReauthorizationRequired(hookId, reason, at);
  if (state === 'suspended') return new LocationSuspended(hookId, nextAttemptAt);
  return new HighLevelUnavailable(hookId, reason, nextAttemptAt);
}

/** The error of an earlier failure while its waiting time lasts; undefined when HighLevel may be asked. */
export function pendingFailure({ hookId, connection }: StoredTokens, at: Date): DomainError | undefined {
  const { state, reason, nextAttemptAt } = connection;
  if (!nextAttemptAt || nextAttemptAt <= at) return undefined;
  return failureError(hookId, { state, reason: reason ?? 'unknown', nextAttemptAt }, at);
}
