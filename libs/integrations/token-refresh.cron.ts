import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AppConfig } from '#libs/config';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { DomainError } from '#libs/errors';
import { DataSource } from 'typeorm';
import { AdvisoryLock } from './advisory-locks.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import { parseTime } from './hook-settings.js';
import { TokenRefreshService } from './token-refresh.service.js';

/** Far more often than the window (6 h), so that nothing comes to its end between two runs. */
const EVERY_15_MINUTES = '*/15 * * * *';
/** Rows looked at in one statement; memory stays the same for ten hooks and ten thousand. */
const BATCH_SIZE = 500;
/** The refresh service runs no more at a time either. */
const CONCURRENCY = 4;
/** A pause of up to this long before each refresh, so that a batch does not reach HighLevel as one burst. */
const MAX_JITTER_MS = 200;

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
        return await this.refreshAll();
      } finally {
        if (!runner.isReleased) await runner.query('select pg_advisory_unlock($1, $2)', lock);
      }
    } finally {
      await runner.release();
    }
  }

  private async refreshAll(): Promise<RefreshRun> {
    const limit = new ConcurrencyLimit(CONCURRENCY);
    let refreshed = 0;
    let failed = 0;
    for (let lastId = 0; !this.stopping;) {
      const batch = await this.candidatesAfter(lastId);
      const last = batch.at(-1);
      if (!last) break;
      lastId = last.id;
      const endsBefore = Date.now() + this.config.ghl.refreshWindowMs;
      const due = batch.filter(({ expiresAt }) => (parseTime(expiresAt)?.getTime() ?? 0) <= endsBefore);
      const results = await Promise.all(due.map(({ id }) => limit.run(() => this.refreshOne(id))));
      refreshed += results.filter((succeeded) => succeeded).length;
      failed += results.filter((succeeded) => !succeeded).length;
    }
    return { refreshed, failed };
  }

  /** Whether the hook has a fresh token now. */
  private async refreshOne(hookId: number): Promise<boolean> {
    if (this.stopping) return false;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_JITTER_MS));
    try {
      await this.refreshService.refreshAhead(hookId, this.config.ghl.refreshWindowMs);
      return true;
    } catch (error) {
      const code = error instanceof DomainError ? error.code : nameOf(error);
      this.logger.warn({ msg: 'A token that ends soon was not refreshed', hookId, code });
      return false;
    }
  }

  /**
   * Enabled hooks by id that may be tried now. `expires_at` is compared outside: DeskFlow and this service write it
   * in several textual forms, which SQL cannot compare.
   */
  private async candidatesAfter(lastId: number): Promise<{ id: number; expiresAt: unknown }[]> {
    return this.database.query(
      `select h.id, h.settings->'expires_at' as "expiresAt"
         from integrations_hooks h left join ghl.connections c on c.hook_id = h.id
        where h.app_id = $1 and h.status = $2 and h.id > $3
          and coalesce(c.state, 'connected') in ('connected', 'suspended')
          and (c.next_attempt_at is null or c.next_attempt_at <= now())
        order by h.id limit $4`,
      [GOHIGHLEVEL_APP_ID, HookStatus.enabled, lastId, BATCH_SIZE],
    );
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
