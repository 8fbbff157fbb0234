import { HighLevelError, type HighLevelErrorKind, RateBudgetExhausted } from '#libs/highlevel';
import {
  HighLevelUnavailable,
  LocationSuspended,
  NotConnected,
  ReauthorizationRequired,
} from '#libs/integrations';
import { LeaseLost, MAX_ATTEMPTS } from '#libs/queue';
import { DuplicateInHighLevel } from './contact-pusher.js';
import { PlanOutdated } from './push-completion.js';
import { reactTo } from './push-failure.js';

const NOW = Date.UTC(2026, 10, 18);

function answer(kind: HighLevelErrorKind, retryAfterMs?: number): HighLevelError {
  return new HighLevelError({
    kind,
    method: 'PUT',
    path: '/contacts/{contactId}',
    status: 400,
    retryAfterMs,
  });
}

describe(reactTo.name, () => {
  it.each<[string, unknown, object]>([
    ['a network failure', answer('unavailable'), { kind: 'retry', delayMs: 1000, isAttempt: true }],
    ['an answer that is not HighLevel’s', answer('unexpected'), { kind: 'retry', isAttempt: true }],
    ['a 429 with a wait', answer('rate_limited', 7000), { kind: 'retry', delayMs: 7000, isAttempt: false }],
    [
      'a spent budget',
      new RateBudgetExhausted('Loc1', 9000),
      { kind: 'retry', delayMs: 9000, isAttempt: false },
    ],
    ['a refused value', answer('invalid'), { kind: 'dead', reason: 'refused_by_highlevel' }],
    ['a missing scope', answer('scope_missing'), { kind: 'dead', reason: 'scope_missing' }],
    ['a foreign location', answer('forbidden'), { kind: 'dead', reason: 'forbidden' }],
    ['a duplicate', new DuplicateInHighLevel('Con2'), { kind: 'dead', reason: 'duplicate_in_highlevel' }],
    ['a rejected token', answer('token_rejected'), { kind: 'retry', delayMs: 60_000, isAttempt: false }],
    [
      'a suspended location',
      new LocationSuspended({ hook_id: 1 }, new Date(NOW + 5000)),
      { kind: 'retry', delayMs: 5000, isAttempt: false },
    ],
    [
      'a token endpoint that is down',
      new HighLevelUnavailable({ hook_id: 1 }, 'x', new Date(NOW - 5)),
      { kind: 'retry', delayMs: 0, isAttempt: false },
    ],
    [
      'a revoked grant',
      new ReauthorizationRequired({ hook_id: 1 }, 'x', new Date(NOW)),
      { kind: 'retry', delayMs: 60_000, isAttempt: false },
    ],
    ['a disconnect', new NotConnected(), { kind: 'ignored', reason: 'disconnected' }],
    ['a lost lease', new LeaseLost(), { kind: 'nothing' }],
    ['an outdated plan', new PlanOutdated(), { kind: 'retry', delayMs: 0, isAttempt: true }],
    ['anything else', new Error('deadlock detected'), { kind: 'retry', delayMs: 1000, isAttempt: true }],
  ])('on %s', (_, error, reaction) => {
    expect(reactTo(error, 1, NOW, () => 1)).toMatchObject(reaction);
  });

  it('gives up after the last attempt, but never for the sake of the connection', () => {
    expect(reactTo(answer('unavailable'), MAX_ATTEMPTS)).toEqual({
      kind: 'dead',
      reason: 'too_many_attempts',
    });
    expect(reactTo(answer('rate_limited', 1), MAX_ATTEMPTS)).toMatchObject({ kind: 'retry' });
  });
});
