import { Process, Processor } from '@nestjs/bull';
import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { type Hook, HookStatus } from '#libs/database';
import { say } from '#libs/i18n';
import { Hooks } from '#libs/integrations';
import { failureOf, HOOKS_AT_ONCE, type WakeUp, WakeUps } from '#libs/queue';
import { reactTo } from './apply-failure.js';
import { ContactEvents } from './contact-events.js';
import { InboundMetrics } from './inbound-metrics.js';
import {
  type ClaimedEvent,
  type Ending,
  InboxClaims,
  LIFECYCLE_LANE,
  ROWS_PER_CLAIM,
} from './inbox-claims.js';
import { LifecycleEvents } from './lifecycle-events.js';

/** However much is due for a hook, after so long it goes to the end of the line, so that others get a turn. */
const TURN_MS = 1_000;

/** How many a backlog is drained by: while PostgreSQL works for one, another prepares. */
const DRAINS = 3;

/** Applies some events and ends their rows, all in one transaction. @returns how those ended that did not go on waiting */
type Apply = (events: readonly ClaimedEvent[]) => Promise<readonly Ending[]>;

/** Events claimed together. */
interface Batch {
  readonly events: readonly ClaimedEvent[];
  readonly leaseToken: string;
  readonly apply: Apply;
}

/** Brings what HighLevel told to DeskFlow: a wake-up names a hook, its inbox rows say what happened. */
@Processor('inbound')
export class InboundProcessor implements OnModuleDestroy {
  private readonly logger = new Logger(InboundProcessor.name);
  private isStopping = false;

  constructor(
    private readonly hooks: Hooks,
    private readonly claims: InboxClaims,
    private readonly contactEvents: ContactEvents,
    private readonly lifecycleEvents: LifecycleEvents,
    private readonly wakeUps: WakeUps,
    private readonly metrics: InboundMetrics,
  ) {}

  /** Works until nothing of the hook is due, but for what comes meanwhile and rings anew, or until its turn is over. */
  @Process({ concurrency: HOOKS_AT_ONCE })
  async work({ data: { hookId } }: WakeUp): Promise<void> {
    const first = await this.next(hookId);
    if (!first) return;
    if (first.events.length < ROWS_PER_CLAIM) return this.applyBatch(hookId, first);
    const until = performance.now() + TURN_MS;
    const others = Array.from({ length: DRAINS - 1 }, () => this.drain(hookId, until));
    const areDone = await Promise.all([this.drain(hookId, until, first), ...others]);
    if (areDone.includes(false)) this.wakeUps.ring('inbound', hookId);
  }

  /** @returns false when its turn is over, and more may be due */
  private async drain(hookId: number, until: number, first?: Batch): Promise<boolean> {
    let batch = first ?? (await this.next(hookId));
    while (batch) {
      await this.applyBatch(hookId, batch);
      if (performance.now() >= until) return false;
      batch = await this.next(hookId);
    }
    return true;
  }

  private async next(hookId: number): Promise<Batch | undefined> {
    const apply = this.isStopping ? undefined : await this.applierFor(hookId);
    const events = apply ? await this.claims.claim(hookId) : [];
    if (events.length > 0) this.metrics.claimed(events.length);
    return apply && events[0] && { apply, events, leaseToken: events[0].leaseToken };
  }

  private applyBatch(hookId: number, { events, apply, leaseToken }: Batch): Promise<void> {
    return this.claims.whileHolding(leaseToken, () => this.applyAll(hookId, events, apply));
  }

  /** What is claimed is finished; more is not begun. */
  onModuleDestroy(): void {
    this.isStopping = true;
  }

  /** Undefined while the hook is disabled: its rows wait for a reinstall. */
  private async applierFor(hookId: number): Promise<Apply | undefined> {
    if (hookId === LIFECYCLE_LANE) return (events) => this.lifecycleEvents.apply(events);
    const hook: Hook | undefined = await this.hooks.findById(hookId);
    if (hook?.status !== HookStatus.enabled) return undefined;
    return (events) => this.contactEvents.apply(hook, events);
  }

  /** Together, as that takes the fewest statements; if that fails, each alone, so that one cannot fail its neighbours. */
  private async applyAll(hookId: number, events: readonly ClaimedEvent[], apply: Apply): Promise<void> {
    try {
      this.metrics.ended(events, await apply(events));
    } catch (error) {
      if (events.length === 1 && events[0]) await this.record(hookId, events[0], error);
      else await this.applyEach(hookId, events, apply);
    }
  }

  private async applyEach(hookId: number, events: readonly ClaimedEvent[], apply: Apply): Promise<void> {
    const waiting = new Set<string>();
    for (const event of events) {
      const { entityKey } = event;
      if (entityKey !== null && waiting.has(entityKey)) {
        await this.claims.release([event]);
        continue;
      }
      try {
        this.metrics.ended([event], await apply([event]));
      } catch (error) {
        const willBeRetried = await this.record(hookId, event, error);
        if (willBeRetried && entityKey !== null) waiting.add(entityKey);
      }
    }
  }

  /** The one place that turns a failure into a state. @returns whether the event will be tried again */
  private async record(hookId: number, event: ClaimedEvent, error: unknown): Promise<boolean> {
    const reaction = reactTo(error, event.attempts);
    const failure = failureOf(error);
    const { id: eventId, type, attempts } = event;
    const facts = { hookId, eventId, type, attempts, error: say('en', failure) };
    switch (reaction.kind) {
      case 'nothing':
        this.logger.warn({ msg: 'Another worker took over an event', ...facts });
        return false;
      case 'dead':
        this.logger.error({ msg: 'An event failed for good', ...facts, reason: reaction.reason });
        await this.claims.bury(event, reaction.reason, failure);
        this.metrics.buried(reaction.reason);
        return false;
      case 'retry':
        this.logger.warn({
          msg: 'An event failed and will be tried again',
          ...facts,
          delayMs: reaction.delayMs,
        });
        await this.claims.retry(event, reaction.delayMs, failure);
        this.metrics.willBeRetried();
        return true;
    }
  }
}
