import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AppConfig } from '#libs/config';
import { DomainError } from '#libs/errors';
import { DataSource } from 'typeorm';
import { AdvisoryLock } from './advisory-locks.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { candidatesAfter } from './due-hooks.js';
import { parseTime } from './hook-settings.js';
import { ReauthorizationFlags } from './reauthorization-flags.js';
import { TokenRefreshService } from './token-refresh.service.js';

/** Far more often than the window (6 h), so that nothing comes to its end between two runs. */
const EVERY_15_MINUTES = '*/15 * * * *';
/** Two periods: a shorter GHL_REFRESH_WINDOW would leave a gap in which tokens end before the next run. */
const LEAST_WINDOW_MS = 30 * 60_000;
/** Rows looked at in one statement; memory stays the same for ten hooks and ten thousand. */
const BATCH_SIZE = 500;
/** The refresh service runs no more at a time either. */
const CONCURRENCY = 4;
/**
 * A pause before each refresh of up to so many milliseconds, so that what is due does not reach HighLevel as one burst.
 * Less where a whole batch is due: all pauses of a batch come to some seconds, and 10,000 hooks to minutes, not hours.
 */
const MAX_JITTER_MS = 200;
const MAX_JITTER_OF_BATCH_MS = 20_000;

/** What a run did. What failed is noted at its connection and comes back by itself. */
export interface RefreshRun {
  readonly refreshed: number;
  readonly failed: number;
}

/** Refreshes what ends soon, in one process at a time. Provided by TokenRefreshModule only, which the worker imports. */
@Injectable()
export class TokenRefreshCron implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(TokenRefreshCron.name);
  private running: Promise<RefreshRun | undefined> | undefined;
  private stopping = false;

  constructor(
    private readonly database: DataSource,
    private readonly refreshService: TokenRefreshService,
    private readonly flags: ReauthorizationFlags,
    private readonly config: AppConfig,
  ) {}

  /** Catches up on what a stopped service missed; the start does not wait for it. */
  onApplicationBootstrap(): void {
    if (!this.config.ghl.tokenRefresh) {
      this.logger.log('Refreshing HighLevel tokens is left to DeskFlow (GHL_TOKEN_REFRESH is off)');
      return;
    }
    this.logger.log(
      "This service refreshes HighLevel's tokens: DeskFlow's own refresh job must be off, two refreshers destroy each other's tokens",
    );
    void this.runOnSchedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  @Cron(EVERY_15_MINUTES)
  async runOnSchedule(): Promise<void> {
    if (!this.config.ghl.tokenRefresh || this.running) return;
    this.running = this.run();
    try {
      const run = await this.running;
      if (run && run.refreshed + run.failed > 0) this.logger.log({ msg: 'Refreshed what ends soon', ...run });
    } catch (error) {
      // The next run finds the same rows again.
      this.logger.error({ msg: 'The refresh run stopped', error: nameOf(error) });
    } finally {
      this.running = undefined;
    }
  }

  /** One pass over all hooks. @returns undefined when another process is at it */
  async run(): Promise<RefreshRun | undefined> {
    const runner = this.database.createQueryRunner();
    try {
      // A session's lock, not a transaction's: a run may take minutes, and a transaction that long holds up vacuum.
      const lock = [AdvisoryLock.TokenRefreshCron, 0];
      const [{ locked }] = (await runner.query('select pg_try_advisory_lock($1, $2) as locked', lock)) as [
        { locked: boolean },
      ];
      if (!locked) return undefined;
      try {
        const run = await this.refreshAll();
        await this.flags.reconcile();
        return run;
      } finally {
        if (!runner.isReleased) await runner.query('select pg_advisory_unlock($1, $2)', lock);
      }
    } finally {
      await runner.release();
    }
  }

  private async refreshAll(): Promise<RefreshRun> {
    const limit = new ConcurrencyLimit(CONCURRENCY);
    const windowMs = Math.max(this.config.ghl.refreshWindowMs, LEAST_WINDOW_MS);
    let refreshed = 0;
    let failed = 0;
    for (let lastId = 0; !this.stopping;) {
      const batch = await candidatesAfter(this.database, lastId, BATCH_SIZE);
      const last = batch.at(-1);
      if (!last) break;
      lastId = last.id;
      const endsBefore = Date.now() + windowMs;
      const due = batch.filter(
        ({ expiresAt, mayBeTried }) => mayBeTried && (parseTime(expiresAt)?.getTime() ?? 0) <= endsBefore,
      );
      const jitterMs = Math.min(MAX_JITTER_MS, MAX_JITTER_OF_BATCH_MS / due.length);
      const results = await Promise.all(
        due.map(({ id }) => limit.run(() => this.refreshOne(id, windowMs, jitterMs))),
      );
      refreshed += results.filter((succeeded) => succeeded).length;
      failed += results.filter((succeeded) => !succeeded).length;
    }
    return { refreshed, failed };
  }

  /** Whether the hook has a fresh token now. */
  private async refreshOne(hookId: number, windowMs: number, jitterMs: number): Promise<boolean> {
    if (this.stopping) return false;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * jitterMs));
    try {
      await this.refreshService.refreshAhead(hookId, windowMs);
      return true;
    } catch (error) {
      const code = error instanceof DomainError ? error.code : nameOf(error);
      this.logger.warn({ msg: 'A token that ends soon was not refreshed', hookId, code });
      return false;
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
