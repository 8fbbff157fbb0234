import { DomainError } from '#libs/errors';
import { text } from '#libs/i18n';
import { type EntityManager } from 'typeorm';
import { type DeliveryReason } from './delivery.js';
import { type EventDecision } from './event-decision.js';
import { type EventFacts } from './event-facts.js';
import { isHandledContactEvent, isLifecycleEvent } from './handled-events.js';
import { LIFECYCLE_LANE } from './inbox-claims.js';

/** States of which a whole set can be replayed. What fails at the moment comes back by itself. */
export const REPLAYABLE_SETS = ['dead', 'ignored', 'done'] as const;

export const REPLAY_OUTCOMES = ['replayed', 'already_waiting'] as const;
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number];

/** Why an event cannot be applied again. */
export type ReplayRefusal =
  'type_not_applied' | 'never_applicable' | 'payload_dropped' | 'not_connected' | 'overtaken';

/** An event that would not be applied, or should not be. */
export class EventNotReplayable extends DomainError {
  readonly code = 'event_not_replayable';

  constructor(
    eventId: number,
    readonly reason: ReplayRefusal,
  ) {
    super(text(`event.${reason}`), { event_id: eventId, reason });
  }
}

const NEVER_APPLICABLE: ReadonlySet<string> = new Set<DeliveryReason>([
  'other_app',
  'outside_replay_window',
  'unreadable_body',
]);

/** What was done or ignored may be replayed, too: applying it again says what it said, and is stale if it is old. */
export function decideReplay(event: EventFacts): EventDecision<ReplayOutcome> {
  if (event.state === 'pending' || event.state === 'processing' || event.state === 'parked')
    return { kind: 'leave', outcome: 'already_waiting' };
  const reason = refusalOf(event);
  if (reason) return { kind: 'refuse', refusal: new EventNotReplayable(event.id, reason) };
  return { kind: 'change', outcome: 'replayed' };
}

function refusalOf(event: EventFacts): ReplayRefusal | undefined {
  if (event.reason !== null && NEVER_APPLICABLE.has(event.reason)) return 'never_applicable';
  const isLifecycle = isLifecycleEvent(event.type);
  if (!isLifecycle && !isHandledContactEvent(event.type)) return 'type_not_applied';
  if (!event.hasPayload) return 'payload_dropped';
  if (!isLifecycle && !event.isConnected) return 'not_connected';
  return event.isOvertaken ? 'overtaken' : undefined;
}

/**
 * Makes events due at once, with all their attempts before them. They keep their ids and times: among the events of an
 * entity they are where they were, and the contact sync ignores them as stale when it has applied newer ones.
 * @returns the lanes to wake
 */
export async function replayEvents(manager: EntityManager, events: readonly EventFacts[]): Promise<number[]> {
  const lanes = events.map(({ type, hookId }) => (isLifecycleEvent(type) ? LIFECYCLE_LANE : hookId));
  await manager.query(
    `update ghl.inbox i
        set state = 'pending', reason = null, hook_id = e.lane, attempts = 0, next_attempt_at = now(),
            last_error = null, finished_at = null
       from unnest($1::bigint[], $2::bigint[]) as e (id, lane) where i.id = e.id`,
    [events.map(({ id }) => id), lanes],
  );
  return [...new Set(lanes)].filter((lane) => lane !== null);
}
