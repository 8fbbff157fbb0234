import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AppConfig } from '#libs/config';
import { DataSource } from 'typeorm';

const EVERY_MS = 60_000;
/** Rows changed in one transaction: locks are short, and autovacuum keeps up. */
export const ROWS_PER_BATCH = 1_000;
/** A run ends after so many batches of each kind; what is left waits for the next one. 800 rows a second all day. */
export const BATCHES_PER_RUN = 50;
/** Dead events and those that wait for anything are never too old. Parameters: seconds, rows. */
const oldest = (payload: 'is null' | 'is not null'): string =>
  `select id from ghl.inbox
    where state in ('done', 'ignored') and body ${payload} and finished_at < now() - make_interval(secs => $1)
    order by finished_at limit $2 for update skip locked`;

/** Each finds its rows at the beginning of a partial index, so that it costs the same however many rows there are. */
export const RETENTION_STATEMENTS = {
  dropPayloads: `with old as materialized (${oldest('is not null')})
                 update ghl.inbox i set body = null from old where i.id = old.id`,
  forget: `with old as materialized (${oldest('is null')}) delete from ghl.inbox i using old where i.id = old.id`,
  forgetPushes: `with old as materialized (
                   select id from ghl.outbox
                    where state in ('done', 'ignored') and finished_at < now() - make_interval(secs => $1)
                    order by finished_at limit $2 for update skip locked)
                 delete from ghl.outbox o using old where o.id = old.id`,
  forgetCounts: `with old as materialized (
                   select ctid from ghl.sync_counts where hour < now() - make_interval(secs => $1)
                    order by hour limit $2 for update skip locked)
                 delete from ghl.sync_counts c using old where c.ctid = old.ctid`,
} as const;

/** A day more than the dashboard shows. */
const COUNTS_RETENTION_MS = 32 * 24 * 60 * 60 * 1000;

/** What a run did. */
export interface RetentionRun {
  readonly payloadsDropped: number;
  readonly forgotten: number;
  readonly pushesForgotten: number;
  readonly countsForgotten: number;
}

/**
 * Forgets what is over. Events in two steps: first their payloads (`WEBHOOK_PAYLOAD_RETENTION`), later the rows
 * (`WEBHOOK_RETENTION`): one without its payload still knows its delivery's key, so that a late copy has no effect.
 * Pushes, which hold no payload, go with the rows.
 */
@Injectable()
export class WorkRetention implements BeforeApplicationShutdown {
  private readonly logger = new Logger(WorkRetention.name);
  private running: Promise<RetentionRun> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: DataSource,
    private readonly config: AppConfig,
  ) {}

  @Interval(EVERY_MS)
  async runOnSchedule(): Promise<void> {
    if (this.running) return;
    this.running = this.run();
    try {
      const run = await this.running;
      if (run.payloadsDropped + run.forgotten + run.pushesForgotten > 0)
        this.logger.log({ msg: 'Forgot old events', ...run });
    } catch (error) {
      // The next run finds the same rows again.
      this.logger.warn({
        msg: 'Could not forget old events',
        reason: error instanceof Error ? error.message : '',
      });
    } finally {
      this.running = undefined;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.running?.catch(() => undefined); // told by whoever started it
  }

  /** One bounded pass. Processes that do this at once skip each other's rows. */
  async run(): Promise<RetentionRun> {
    const { retentionMs, payloadRetentionMs } = this.config.webhooks;
    return {
      payloadsDropped: await this.repeat(RETENTION_STATEMENTS.dropPayloads, payloadRetentionMs),
      forgotten: await this.repeat(RETENTION_STATEMENTS.forget, retentionMs),
      pushesForgotten: await this.repeat(RETENTION_STATEMENTS.forgetPushes, retentionMs),
      countsForgotten: await this.repeat(RETENTION_STATEMENTS.forgetCounts, COUNTS_RETENTION_MS),
    };
  }

  private async repeat(statement: string, ageMs: number): Promise<number> {
    let rows = 0;
    for (let batch = 0; batch < BATCHES_PER_RUN && !this.isStopping; batch += 1) {
      const [, count] = await this.database.query<[unknown, number]>(statement, [
        ageMs / 1000,
        ROWS_PER_BATCH,
      ]);
      rows += count;
      if (count < ROWS_PER_BATCH) break;
    }
    return rows;
  }
}
