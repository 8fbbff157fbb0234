import { Process, Processor } from '@nestjs/bull';
import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { type Hook, HookStatus } from '#libs/database';
import { Hooks } from '#libs/integrations';
import { HOOKS_AT_ONCE, type WakeUp } from '#libs/queue';
import { reactTo } from './apply-failure.js';
import { ContactEvents } from './contact-events.js';
import { type ClaimedEvent, InboxClaims, LIFECYCLE_LANE } from './inbox-claims.js';
import { LifecycleEvents } from './lifecycle-events.js';

/** Applies some events and ends their rows, all in one transaction. */
type Apply = (events: readonly ClaimedEvent[]) => Promise<void>;

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
  ) {}

  /** Works until nothing of the hook is due. */
  @Process({ concurrency: HOOKS_AT_ONCE })
  async work({ data: { hookId } }: WakeUp): Promise<void> {
    while (!this.isStopping) {
      const apply = await this.applierFor(hookId);
      if (!apply) return;
      const claimed = await this.claims.claim(hookId);
      if (!claimed[0]) return;
      await this.claims.whileHolding(claimed[0].leaseToken, () => this.applyAll(hookId, claimed, apply));
    }
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
      await apply(events);
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
        await apply([event]);
      } catch (error) {
        const willBeRetried = await this.record(hookId, event, error);
        if (willBeRetried && entityKey !== null) waiting.add(entityKey);
      }
    }
  }

  /** The one place that turns a failure into a state. @returns whether the event will be tried again */
  private async record(hookId: number, event: ClaimedEvent, error: unknown): Promise<boolean> {
    const reaction = reactTo(error, event.attempts);
    const message = error instanceof Error ? error.message : String(error);
    const facts = { hookId, eventId: event.id, type: event.type, attempts: event.attempts, error: message };
    switch (reaction.kind) {
      case 'nothing':
        this.logger.warn({ msg: 'Another worker took over an event', ...facts });
        return false;
      case 'dead':
        this.logger.error({ msg: 'An event failed for good', ...facts, reason: reaction.reason });
        await this.claims.bury(event, reaction.reason, message);
        return false;
      case 'retry':
        this.logger.warn({
          msg: 'An event failed and will be tried again',
          ...facts,
          delayMs: reaction.delayMs,
        });
        await this.claims.retry(event, reaction.delayMs, message);
        return true;
    }
  }
}
