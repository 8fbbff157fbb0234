import { Process, Processor } from '@nestjs/bull';
import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { Connection, type Hook, HookStatus } from '#libs/database';
import { say } from '#libs/i18n';
import { Hooks } from '#libs/integrations';
import { failureOf, HOOKS_AT_ONCE, type WakeUp } from '#libs/queue';
import { DataSource } from 'typeorm';
import { ContactPusher, type PushBatch } from './contact-pusher.js';
import { CONTACTS_PER_CLAIM, Outbox, type OutboundWork } from './outbox.js';
import { reactTo } from './push-failure.js';
import { PushMetrics } from './push-metrics.js';

/** How many a backlog is pushed by: while one waits for HighLevel, another reads or writes. */
const PUSHERS = 2;

/** A hook that is well, and some of its work. */
interface Batch {
  readonly hook: Hook;
  readonly country: string | null;
  readonly works: readonly OutboundWork[];
}

/** Brings what changed in DeskFlow to HighLevel: a wake-up names a hook, its outbox rows say which contacts. */
@Processor('outbound')
export class OutboundProcessor implements OnModuleDestroy {
  private readonly logger = new Logger(OutboundProcessor.name);
  private isStopping = false;

  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly outbox: Outbox,
    private readonly pusher: ContactPusher,
    private readonly metrics: PushMetrics,
  ) {}

  /** Works until nothing of the hook is due. */
  @Process({ concurrency: HOOKS_AT_ONCE })
  async work({ data: { hookId } }: WakeUp): Promise<void> {
    const first = await this.next(hookId);
    if (!first) return;
    const others = first.works.length === CONTACTS_PER_CLAIM ? PUSHERS - 1 : 0;
    await Promise.all([
      this.drain(hookId, first),
      ...Array.from({ length: others }, () => this.drain(hookId)),
    ]);
  }

  /** What is claimed is finished; more is not begun. */
  onModuleDestroy(): void {
    this.isStopping = true;
  }

  private async drain(hookId: number, first?: Batch): Promise<void> {
    let batch = first ?? (await this.next(hookId));
    for (; batch; batch = await this.next(hookId)) await this.pushAll(batch);
  }

  private async next(hookId: number): Promise<Batch | undefined> {
    const [hook, connection] = await Promise.all([
      this.hooks.findById(hookId),
      this.database.manager.findOneBy(Connection, { hookId }),
    ]);
    if (this.isStopping || !hook || !isWell(hook, connection)) return undefined;
    const works = await this.outbox.claim(hookId);
    return works.length > 0 ? { hook, country: connection?.country ?? null, works } : undefined;
  }

  private async pushAll({ hook, country, works }: Batch): Promise<void> {
    const batch = this.pusher.open(hook, country, works);
    await Promise.all(works.map((work) => this.push(hook, batch, work)));
  }

  /** The one place that turns a failed push into a state of its rows. */
  private async push(hook: Hook, batch: Promise<PushBatch>, work: OutboundWork): Promise<void> {
    try {
      await this.pusher.push(await batch, work);
      this.metrics.ended('done');
    } catch (error) {
      await this.record(hook, work, error);
    }
  }

  private async record(hook: Hook, work: OutboundWork, error: unknown): Promise<void> {
    const reaction = reactTo(error, work.attempts);
    // Whoever may see how a contact stands may see the contact.
    const failure = failureOf(error, { isQuoting: true });
    const { id: hookId, accountId } = hook;
    const facts = { hookId, accountId, contactId: work.contactId, error: say('en', failure) };
    if (reaction.kind === 'nothing') {
      this.logger.warn({ msg: 'Another worker took over a push', ...facts });
      return;
    }
    if (reaction.kind === 'retry') {
      this.logger.warn({ msg: 'A push failed and will be tried again', ...facts, delayMs: reaction.delayMs });
      this.metrics.ended('failed');
      return this.outbox.retry(work, reaction.delayMs, reaction.isAttempt, failure);
    }
    this.logger.warn({ msg: 'A push failed for good', ...facts, reason: reaction.reason });
    this.metrics.ended(reaction.kind);
    return this.outbox.close(work, reaction.kind, reaction.reason, failure);
  }
}

/** Rows of a location that is suspended, or must be authorized again, wait until it is well. */
function isWell(hook: Hook, connection: Connection | null): boolean {
  return hook.status === HookStatus.enabled && (connection?.state ?? 'connected') === 'connected';
}
