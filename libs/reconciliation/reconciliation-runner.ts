import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { reactToFailedCall } from '#libs/contact-sync';
import { Hooks } from '#libs/integrations';
import { BackgroundRuns, failureOf } from '#libs/queue';
import { ChangesPoll } from './changes-poll.js';
import { DeletionsSweep } from './deletions-sweep.js';
import { hasDrift, type RunCounts } from './reconciliation.js';
import { type ClaimedRun, ReconciliationClaims } from './reconciliation-claims.js';
import { ReconciliationMetrics } from './reconciliation-metrics.js';

const EVERY_MS = 5_000;
/** Each asks HighLevel for a page at a time, so 10,000 locations take about ten minutes. */
const RUNS_AT_ONCE = 4;
/** After what will not be mended by trying again soon. */
const REST_MS = 10 * 60_000;

/** Looks, again and again, for what lost webhooks have left: the one thing that makes both sides agree for certain. */
@Injectable()
export class ReconciliationRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ReconciliationRunner.name);
  private readonly runs = new BackgroundRuns(RUNS_AT_ONCE);

  constructor(
    private readonly hooks: Hooks,
    private readonly claims: ReconciliationClaims,
    private readonly changesPoll: ChangesPoll,
    private readonly deletionsSweep: DeletionsSweep,
    private readonly metrics: ReconciliationMetrics,
  ) {}

  @Interval(EVERY_MS)
  async runOnSchedule(): Promise<void> {
    try {
      await this.claims.addNew();
      await this.claims.takeUpOutages();
      await this.runs.fill(async () => {
        const run = await this.claims.claim();
        return run && ((): Promise<void> => this.run(run));
      });
    } catch (error) {
      this.logger.warn({ msg: 'Could not look for reconciliations', reason: sentenceOf(error) });
    }
  }

  /** A page that is being written is finished. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.runs.stop();
  }

  private async run(run: ClaimedRun): Promise<void> {
    try {
      const hook = await this.hooks.findById(run.hookId);
      const walk = run.kind === 'changes' ? this.changesPoll : this.deletionsSweep;
      const counts = hook && (await walk.run(run, hook, () => this.runs.isStopping));
      if (counts) this.report(run, counts);
      else await this.claims.postpone(run, 0, null);
    } catch (error) {
      await this.record(run, error).catch((another: unknown) =>
        // Its lease runs out, and the next worker takes it.
        this.logger.warn({
          msg: 'Could not put a reconciliation off',
          ...factsOf(run),
          reason: sentenceOf(another),
        }),
      );
    }
  }

  private report(run: ClaimedRun, counts: RunCounts): void {
    this.metrics.ended(run.kind, counts);
    if (hasDrift(counts)) this.logger.log({ msg: 'A reconciliation mended', ...factsOf(run), ...counts });
  }

  /** It is never given up: the next run begins where this one came to. */
  private async record(run: ClaimedRun, error: unknown): Promise<void> {
    const reaction = reactToFailedCall(error, run.attempts);
    if (reaction.kind === 'nothing') return;
    const delayMs = reaction.kind === 'retry' ? reaction.delayMs : REST_MS;
    this.logger.warn({ msg: 'A reconciliation waits', ...factsOf(run), delayMs, reason: sentenceOf(error) });
    await this.claims.postpone(run, delayMs, failureOf(error));
  }
}

function factsOf({ accountId, locationId, kind, attempts }: ClaimedRun): object {
  return { accountId, locationId, kind, attempts };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
