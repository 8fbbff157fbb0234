import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { type AuditActor } from '#libs/audit';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { Unavailable } from '#libs/errors';
import { DataSource } from 'typeorm';
import { HighLevelUnavailable, LocationSuspended, RefreshLeftToDeskFlow } from './connection-errors.js';
import { HookTokens } from './hook-tokens.js';
import { LocationRenewal } from './location-renewal.js';
import { LockedRefresh, type RefreshNeed } from './locked-refresh.js';
import { SharedRefreshes } from './shared-refreshes.js';
import { assertConnected, isFresh, lifetimeMs, type StoredTokens, type TokenRow } from './stored-tokens.js';

/** A token with less left than this is renewed before it is used: minutes, since work may wait in queues (HL 2.5). */
const USE_MARGIN_MS = 5 * 60_000;
/** Each refresh holds a database connection over HTTP calls; the pool needs the others. */
const MAX_CONCURRENT_REFRESHES = 4;
/** How long a caller waits for DeskFlow's own job when refreshing is left to it. */
const FOREIGN_REFRESH_WAIT_MS = 10_000;
const FOREIGN_REFRESH_POLL_MS = 1_000;

export interface RefreshRequest {
  /** The access token HighLevel refused. Without it the refresh is one that a person asked for. */
  readonly rejectedToken?: string;
  /** That person, for the audit log. */
  readonly actor?: AuditActor;
}

/**
 * Hands out access tokens and renews them, one exchange at a time per hook across all processes: callers in this
 * process join the exchange under way, processes queue at the row's lock, and whoever waited uses the fresh pair.
 */
@Injectable()
export class TokenRefreshService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(TokenRefreshService.name);
  private readonly refreshes = new SharedRefreshes(MAX_CONCURRENT_REFRESHES, async (row, need) => {
    // Looked up first: it may need a connection of its own, and the lock should not wait for that.
    const credentials = await this.globalConfig.ghlCredentials();
    return this.lockedRefresh.run(row, need, (stored) => this.renewal.renew(stored, credentials));
  });

  constructor(
    private readonly database: DataSource,
    private readonly tokens: HookTokens,
    private readonly lockedRefresh: LockedRefresh,
    private readonly renewal: LocationRenewal,
    private readonly globalConfig: GlobalConfigService,
    private readonly config: AppConfig,
  ) {}

  /**
   * An access token that is good for at least five more minutes, or for what is left where no newer one can be had.
   * @throws NotConnected, ReauthorizationRequired, LocationSuspended, HighLevelUnavailable, TokenUnreadable,
   * NotConfigured, Unavailable
   */
  async freshAccessToken(hookId: number): Promise<string> {
    const row = this.tokens.row(hookId);
    const stored = await this.readable(row);
    const { accessToken } = stored;
    if (accessToken !== undefined && isFresh(stored, USE_MARGIN_MS)) return accessToken;
    try {
      return await this.renewed(row, { seen: accessToken, marginMs: USE_MARGIN_MS });
    } catch (error) {
      // Passing trouble does not matter while the token at hand still works.
      const passing = error instanceof HighLevelUnavailable || error instanceof LocationSuspended;
      if (passing && accessToken !== undefined && lifetimeMs(stored) > 0) return accessToken;
      throw error;
    }
  }

  /**
   * Replaces a token that HighLevel refused, or any token when a person asks.
   * Callers that name the same rejected token share one exchange.
   * @returns the fresh access token
   * @throws as `freshAccessToken`; RefreshLeftToDeskFlow when a person asks and GHL_TOKEN_REFRESH is off
   */
  async refresh(hookId: number, { rejectedToken, actor }: RefreshRequest = {}): Promise<string> {
    const row = this.tokens.row(hookId, actor);
    const { accessToken: seen } = await this.readable(row);
    if (rejectedToken !== undefined) {
      return this.renewed(row, { seen, marginMs: USE_MARGIN_MS, rejected: rejectedToken });
    }
    if (!this.config.ghl.tokenRefresh) throw new RefreshLeftToDeskFlow();
    return this.renewed(row, { seen, marginMs: USE_MARGIN_MS, rejected: seen, asked: true });
  }

  /** Renews a token that ends within `windowMs`; does nothing when it does not, or must not be tried yet. */
  async refreshAhead(hookId: number, windowMs: number): Promise<void> {
    const row = this.tokens.row(hookId);
    const stored = await this.readable(row);
    if (isFresh(stored, windowMs)) return;
    await this.renewed(row, { seen: stored.accessToken, marginMs: windowMs });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.refreshes.settled();
  }

  private async renewed(row: TokenRow, need: RefreshNeed): Promise<string> {
    return this.config.ghl.tokenRefresh
      ? this.refreshes.renewed(row, need)
      : this.awaitForeignRefresh(row, need);
  }

  /** GHL_TOKEN_REFRESH=off: DeskFlow's job will write the fresh pair; two refreshers destroy each other's tokens. */
  private async awaitForeignRefresh(row: TokenRow, need: RefreshNeed): Promise<string> {
    const deadline = Date.now() + FOREIGN_REFRESH_WAIT_MS;
    do {
      const stored = await this.readable(row);
      if (
        stored.accessToken !== undefined &&
        stored.accessToken !== need.rejected &&
        lifetimeMs(stored) > 0
      ) {
        return stored.accessToken;
      }
      await new Promise((resolve) => setTimeout(resolve, FOREIGN_REFRESH_POLL_MS));
    } while (Date.now() < deadline);
    this.logger.warn({ msg: 'No fresh token came while refreshing is left to DeskFlow', ...row.facts });
    throw new Unavailable('fresh_token');
  }

  private async readable(row: TokenRow): Promise<StoredTokens> {
    const stored = await row.find(this.database.manager);
    assertConnected(stored);
    return stored;
  }
}
