import { Injectable } from '@nestjs/common';
import { type AuditAction, AuditLog } from '#libs/audit';
import { type WorkState } from '#libs/database';
import { type ErrorFields, NotFound } from '#libs/errors';
import { WakeUps } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';
import { type EventDecision } from './event-decision.js';
import { decideDiscard, discardEvents, type DiscardOutcome } from './event-discard.js';
import { type EventFacts, lockEvents } from './event-facts.js';
import { type EventFilter, EventLog, type InboxEvent } from './event-log.js';
import { decideReplay, replayEvents, type ReplayOutcome } from './event-replay.js';

/** Events changed in one transaction, and in one call. */
const EVENTS_PER_BATCH = 500;
const BATCHES_PER_CALL = 10;

/** Who gives the command, and for which account. */
export interface Commander {
  readonly accountId: number;
  readonly userId: number;
}

export interface Commanded<Outcome> {
  readonly outcome: Outcome;
  /** As it is afterwards. */
  readonly event: InboxEvent;
}

export interface CommandedSet {
  readonly changed: number;
  readonly unchanged: number;
  /** How many were refused, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Where to go on; null when the set is finished. */
  readonly next: number | null;
}

export type EventSet = EventFilter & { readonly state: WorkState };

interface Command<Outcome extends string> {
  readonly one: AuditAction;
  readonly many: AuditAction;
  readonly decide: (event: EventFacts) => EventDecision<Outcome>;
  /** @returns the lanes to wake */
  readonly change: (manager: EntityManager, events: readonly EventFacts[]) => Promise<number[]>;
}

const REPLAY: Command<ReplayOutcome> = {
  one: 'event.replay',
  many: 'events.replay',
  decide: decideReplay,
  change: replayEvents,
};

const DISCARD: Command<DiscardOutcome> = {
  one: 'event.discard',
  many: 'events.discard',
  decide: decideDiscard,
  change: discardEvents,
};

/** What administrators may do with the events of their account. Each change and its audit entry stand together. */
@Injectable()
export class EventCommands {
  constructor(
    private readonly database: DataSource,
    private readonly eventLog: EventLog,
    private readonly auditLog: AuditLog,
    private readonly wakeUps: WakeUps,
  ) {}

  /**
   * Applies an event again. Doing so twice is doing it once.
   * @throws NotFound, EventNotReplayable
   */
  replay(commander: Commander, id: number): Promise<Commanded<ReplayOutcome>> {
    return this.commandOne(REPLAY, commander, id);
  }

  /** Applies a set of events again, oldest first; a large set takes several calls. */
  replaySet(commander: Commander, set: EventSet, after: number | null): Promise<CommandedSet> {
    return this.commandSet(REPLAY, commander, set, after);
  }

  /** Gives an event up. @throws NotFound */
  discard(commander: Commander, id: number): Promise<Commanded<DiscardOutcome>> {
    return this.commandOne(DISCARD, commander, id);
  }

  /** Gives a set of events up; a large set takes several calls. */
  discardSet(commander: Commander, set: EventSet, after: number | null): Promise<CommandedSet> {
    return this.commandSet(DISCARD, commander, set, after);
  }

  private async commandOne<Outcome extends string>(
    command: Command<Outcome>,
    commander: Commander,
    id: number,
  ): Promise<Commanded<Outcome>> {
    const { outcome, lanes } = await this.database.transaction(async (manager) => {
      const [event] = await lockEvents(manager, commander.accountId, [id]);
      if (!event) throw new NotFound('Event');
      const decision = command.decide(event);
      if (decision.kind === 'refuse') throw decision.refusal;
      if (decision.kind === 'leave') return { outcome: decision.outcome, lanes: [] };
      const toWake = await command.change(manager, [event]);
      await this.recordOne(manager, command.one, commander, event);
      return { outcome: decision.outcome, lanes: toWake };
    });
    this.wake(lanes);
    return { outcome, event: await this.eventLog.one(commander.accountId, id) };
  }

  private async commandSet<Outcome extends string>(
    command: Command<Outcome>,
    commander: Commander,
    set: EventSet,
    after: number | null,
  ): Promise<CommandedSet> {
    const decisions: EventDecision<Outcome>[] = [];
    let next = after;
    for (let batch = 0; batch < BATCHES_PER_CALL; batch += 1) {
      const found = await this.eventLog.ids(commander.accountId, set, next, EVENTS_PER_BATCH);
      decisions.push(...(await this.commandBatch(command, commander, set, found.items)));
      next = found.next;
      if (next === null) break;
    }
    return { ...countsOf(decisions), next };
  }

  /** What has left the state since it was found is somebody else's, and left out. */
  private async commandBatch<Outcome extends string>(
    command: Command<Outcome>,
    commander: Commander,
    set: EventSet,
    ids: readonly number[],
  ): Promise<EventDecision<Outcome>[]> {
    if (ids.length === 0) return [];
    const { decisions, lanes } = await this.database.transaction(async (manager) => {
      const events = await lockEvents(manager, commander.accountId, ids, set.state);
      const decided = events.map((event) => ({ event, decision: command.decide(event) }));
      const changing = decided.flatMap(({ event, decision }) => (decision.kind === 'change' ? event : []));
      const toWake = changing.length > 0 ? await command.change(manager, changing) : [];
      if (changing.length > 0) await this.recordMany(manager, command.many, commander, set, changing);
      return { decisions: decided.map(({ decision }) => decision), lanes: toWake };
    });
    this.wake(lanes);
    return decisions;
  }

  private async recordOne(
    manager: EntityManager,
    action: AuditAction,
    { accountId, userId }: Commander,
    { id, type, state, reason, hookId, locationId }: EventFacts,
  ): Promise<void> {
    await this.auditLog.record(
      {
        accountId,
        action,
        actor: { kind: 'user', userId },
        outcome: 'success',
        hookId,
        locationId,
        details: { event_id: id, type, was: state, ...(reason !== null && { reason }) },
      },
      manager,
    );
  }

  private async recordMany(
    manager: EntityManager,
    action: AuditAction,
    { accountId, userId }: Commander,
    set: EventSet,
    events: readonly EventFacts[],
  ): Promise<void> {
    await this.auditLog.record(
      {
        accountId,
        action,
        actor: { kind: 'user', userId },
        outcome: 'success',
        locationId: set.locationId ?? null,
        details: {
          count: events.length,
          first_event_id: events[0]?.id ?? 0,
          last_event_id: events.at(-1)?.id ?? 0,
          ...describeSet(set),
        },
      },
      manager,
    );
  }

  private wake(lanes: readonly number[]): void {
    for (const lane of lanes) this.wakeUps.ring('inbound', lane);
  }
}

function countsOf(decisions: readonly EventDecision<string>[]): Omit<CommandedSet, 'next'> {
  const refused: Record<string, number> = {};
  for (const decision of decisions) {
    if (decision.kind !== 'refuse') continue;
    const { reason } = decision.refusal;
    refused[reason] = (refused[reason] ?? 0) + 1;
  }
  return {
    changed: decisions.filter(({ kind }) => kind === 'change').length,
    unchanged: decisions.filter(({ kind }) => kind === 'leave').length,
    refused,
  };
}

/** The filter as it was given, for those who read the audit log. */
function describeSet({ state, type, entity, reason, receivedAfter, receivedBefore }: EventSet): ErrorFields {
  return {
    state,
    ...(type !== undefined && { type }),
    ...(entity !== undefined && { entity }),
    ...(reason !== undefined && { reason }),
    ...(receivedAfter && { received_after: receivedAfter.toISOString() }),
    ...(receivedBefore && { received_before: receivedBefore.toISOString() }),
  };
}
