import { type EntityManager } from 'typeorm';
import { type EventDecision } from './event-decision.js';
import { type EventFacts } from './event-facts.js';

/** States of which a whole set can be discarded. */
export const DISCARDABLE_SETS = ['dead', 'failed'] as const;

export const DISCARD_OUTCOMES = ['discarded', 'being_applied', 'already_over'] as const;
export type DiscardOutcome = (typeof DISCARD_OUTCOMES)[number];

/** A worker that holds an event finishes it; what is done or ignored needs no discarding. */
export function decideDiscard({ state }: EventFacts): EventDecision<DiscardOutcome> {
  if (state === 'processing') return { kind: 'leave', outcome: 'being_applied' };
  if (state === 'done' || state === 'ignored') return { kind: 'leave', outcome: 'already_over' };
  return { kind: 'change', outcome: 'discarded' };
}

/**
 * Nobody will apply them, unless they are replayed. They are kept as long as what was ignored otherwise.
 * @returns the lanes to wake: none
 */
export async function discardEvents(
  manager: EntityManager,
  events: readonly EventFacts[],
): Promise<number[]> {
  await manager.query(
    `update ghl.inbox set state = 'ignored', reason = 'discarded', finished_at = now()
      where id = any($1::bigint[])`,
    [events.map(({ id }) => id)],
  );
  return [];
}
