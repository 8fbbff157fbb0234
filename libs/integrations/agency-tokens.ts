import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { GlobalConfigService } from '#libs/config';
import { HighLevelError } from '#libs/highlevel';
import { DataSource } from 'typeorm';
import { Agencies } from './agencies.js';
import { AgencyRefused, HighLevelUnavailable } from './connection-errors.js';
import { LockedRefresh } from './locked-refresh.js';
import { SharedRefreshes } from './shared-refreshes.js';
import { assertConnected, isFresh } from './stored-tokens.js';
import { TokenRenewal } from './token-renewal.js';

/** As for locations: a token with less left is renewed before it is used. */
const USE_MARGIN_MS = 5 * 60_000;
/** Of their own: whoever renews a location's token may wait for its agency's. */
const AGENCIES_AT_ONCE = 2;
/** Where HighLevel does not say how long to wait. */
const RETRY_MS = 30_000;

/** Makes calls with an agency's token, renewed when it is needed (HL 2.7). Nobody else uses these tokens. */
@Injectable()
export class AgencyTokens implements BeforeApplicationShutdown {
  private readonly refreshes = new SharedRefreshes(AGENCIES_AT_ONCE, async (row, need) => {
    const credentials = await this.globalConfig.ghlCredentials();
    return this.lockedRefresh.run(row, need, (stored) => this.renewal.renew(stored, credentials));
  });

  constructor(
    private readonly database: DataSource,
    private readonly agencies: Agencies,
    private readonly lockedRefresh: LockedRefresh,
    private readonly renewal: TokenRenewal,
    private readonly globalConfig: GlobalConfigService,
  ) {}

  /**
   * Makes one call; a token that is refused is renewed once, and the call made once more.
   * @throws NotConnected where the account has no such agency, AgencyRefused, ReauthorizationRequired,
   * HighLevelUnavailable, LocationSuspended, TokenUnreadable, NotConfigured, Unavailable
   */
  async use<T>(accountId: number, companyId: string, call: (agencyToken: string) => Promise<T>): Promise<T> {
    try {
      const token = await this.fresh(accountId, companyId);
      try {
        return await call(token);
      } catch (error) {
        if (!(error instanceof HighLevelError && error.kind === 'token_rejected')) throw error;
        return await call(await this.fresh(accountId, companyId, token));
      }
    } catch (error) {
      throw error instanceof HighLevelError ? explained(error, companyId) : error;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.refreshes.settled();
  }

  private async fresh(accountId: number, companyId: string, rejected?: string): Promise<string> {
    const row = this.agencies.row(accountId, companyId);
    const stored = await row.find(this.database.manager);
    assertConnected(stored);
    const { accessToken: seen } = stored;
    if (seen !== undefined && seen !== rejected && isFresh(stored, USE_MARGIN_MS)) return seen;
    return this.refreshes.renewed(row, { seen, marginMs: USE_MARGIN_MS, rejected });
  }
}

function explained(error: HighLevelError, companyId: string): AgencyRefused | HighLevelUnavailable {
  const { kind, transient, remoteMessage = '', retryAfterMs = RETRY_MS } = error;
  if (transient || kind === 'token_rejected') {
    const retryAt = new Date(Date.now() + retryAfterMs);
    return new HighLevelUnavailable({ company_id: companyId }, 'highlevel_unavailable', retryAt);
  }
  if (kind === 'scope_missing') return new AgencyRefused('scope_missing', companyId);
  if (/not active/i.test(remoteMessage)) return new AgencyRefused('location_not_active', companyId); // HL 2.6
  if (/not installed/i.test(remoteMessage)) return new AgencyRefused('not_installed', companyId);
  return new AgencyRefused('refused', companyId);
}
