import { Injectable } from '@nestjs/common';
import { type AuditActor, AuditLog } from '#libs/audit';
import { DataSource, type EntityManager } from 'typeorm';
import { auditRefresh, THIS_SERVICE } from './refresh-audit.js';
import { keepingParametersSecret } from './sql-failures.js';
import { type RefreshHealth, type TokenRow } from './stored-tokens.js';
import { type TokenPair } from './token-grant.js';
import { TokenVault } from './token-vault.js';

/** What an agency granted when it authorized the app (HL 2.3). */
export interface AgencyGrant extends TokenPair {
  readonly companyId: string;
  /** The locations that were chosen on HighLevel's page; an administrator here chooses among them. */
  readonly approvedLocations: readonly string[];
  readonly installToFutureLocations: boolean;
}

/** An agency that authorized the app for an account, without its tokens. */
export interface Agency extends RefreshHealth {
  readonly accountId: number;
  readonly companyId: string;
  readonly scope: string | null;
  readonly installedAt: Date;
  readonly approvedLocations: readonly string[];
  readonly installToFutureLocations: boolean;
}

interface TokenColumns {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresAt: Date;
}

const FACTS = `
  account_id as "accountId", company_id as "companyId", scope, installed_at as "installedAt",
  approved_locations as "approvedLocations", install_to_future_locations as "installToFutureLocations",
  state, reason, since, consecutive_failures as "consecutiveFailures", next_attempt_at as "nextAttemptAt",
  last_refreshed_at as "lastRefreshedAt"`;
const TOKENS = `access_token as "accessToken", refresh_token as "refreshToken", expires_at as "expiresAt"`;

/** Agency-wide installations (`ghl.agencies`). Their tokens are always sealed: no DeskFlow code reads them. */
@Injectable()
export class Agencies {
  constructor(
    private readonly database: DataSource,
    private readonly vault: TokenVault,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Adds the agency to the account, or replaces its tokens and forgets what was wrong with them. What waited for an
   * agency to be known is looked at again.
   * @throws Unavailable
   */
  async store(accountId: number, grant: AgencyGrant, actor: AuditActor = THIS_SERVICE): Promise<void> {
    const { companyId, refreshToken } = grant;
    await this.database.transaction(async (manager) => {
      await keepingParametersSecret(
        manager.query(
          `insert into ghl.agencies (account_id, company_id, access_token, refresh_token, expires_at, scope, user_id,
                                     approved_locations, install_to_future_locations, last_refreshed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())
           on conflict (account_id, company_id) do update
              set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                  expires_at = excluded.expires_at, scope = excluded.scope, user_id = excluded.user_id,
                  approved_locations = excluded.approved_locations,
                  install_to_future_locations = excluded.install_to_future_locations,
                  state = 'connected', reason = null, since = now(), consecutive_failures = 0, next_attempt_at = null,
                  last_refreshed_at = now(), installed_at = now(), updated_at = now()`,
          [
            accountId,
            companyId,
            this.vault.seal(grant.accessToken),
            refreshToken === undefined ? null : this.vault.seal(refreshToken),
            grant.expiresAt,
            grant.scope ?? null,
            grant.userId ?? null,
            grant.approvedLocations,
            grant.installToFutureLocations,
          ],
        ),
      );
      await manager.query(
        `update ghl.inbox set reason = 'not_claimed'
          where state = 'parked' and type = 'INSTALL' and reason = 'agency_unauthorized'
            and (company_id is null or company_id = $1)`,
        [companyId],
      );
      const details = { company_id: companyId };
      await this.audit.record(
        { accountId, action: 'agency.connect', actor, outcome: 'success', details },
        manager,
      );
    });
  }

  /** The agencies of an account, the first one first. */
  async findByAccount(accountId: number): Promise<Agency[]> {
    return this.database.query<Agency[]>(
      `select ${FACTS} from ghl.agencies where account_id = $1 order by created_at, company_id`,
      [accountId],
    );
  }

  /** Who has this agency: usually one account, or none. */
  async findByCompany(companyId: string): Promise<Agency[]> {
    return this.database.query<Agency[]>(
      `select ${FACTS} from ghl.agencies where company_id = $1 order by account_id`,
      [companyId],
    );
  }

  /** Agencies whose new locations get the app by themselves, the newest first. */
  async findWithFutureLocations(limit: number): Promise<Agency[]> {
    return this.database.query<Agency[]>(
      `select ${FACTS} from ghl.agencies
        where install_to_future_locations and state = 'connected'
        order by installed_at desc limit $1`,
      [limit],
    );
  }

  /** The row of an agency as one that is renewed. */
  row(accountId: number, companyId: string): TokenRow {
    const subject = { company_id: companyId };
    const key = [accountId, companyId];
    const audited = { kind: 'agency', accountId, companyId, actor: THIS_SERVICE } as const;
    const find = async (manager: EntityManager, lock = ''): ReturnType<TokenRow['find']> => {
      const [row] = await manager.query<(Agency & TokenColumns)[]>(
        `select ${FACTS}, ${TOKENS} from ghl.agencies where account_id = $1 and company_id = $2 ${lock}`,
        key,
      );
      return (
        row && {
          subject,
          accountId,
          holder: { userType: 'Company', companyId },
          enabled: true,
          accessToken: this.vault.open(row.accessToken, subject),
          refreshToken: row.refreshToken === null ? undefined : this.vault.open(row.refreshToken, subject),
          expiresAt: row.expiresAt,
          health: row,
        }
      );
    };
    return {
      key: `agency ${accountId} ${companyId}`,
      subject,
      facts: { companyId },
      find: (manager) => find(manager),
      lock: (manager) => find(manager, 'for update'),
      store: async (manager, _stored, pair, at) => {
        await keepingParametersSecret(
          manager.query(
            `update ghl.agencies
                set access_token = $3, refresh_token = coalesce($4, refresh_token), expires_at = $5,
                    scope = coalesce($6, scope), since = case when state = 'connected' then since else $7 end,
                    state = 'connected', reason = null, consecutive_failures = 0, next_attempt_at = null,
                    last_refreshed_at = $7, updated_at = $7
              where account_id = $1 and company_id = $2`,
            [
              ...key,
              this.vault.seal(pair.accessToken),
              pair.refreshToken === undefined ? null : this.vault.seal(pair.refreshToken),
              pair.expiresAt,
              pair.scope ?? null,
              at,
            ],
          ),
        );
        await auditRefresh(this.audit, manager, audited);
      },
      fail: async (manager, _stored, failure, at) => {
        const { state, reason, nextAttemptAt } = failure;
        await manager.query(
          `update ghl.agencies
              set since = case when state = $3 then since else $6 end, state = $3, reason = $4,
                  consecutive_failures = consecutive_failures + 1, next_attempt_at = $5
            where account_id = $1 and company_id = $2`,
          [...key, state, reason, nextAttemptAt, at],
        );
        await auditRefresh(this.audit, manager, audited, failure);
      },
      announce: () => undefined, // DeskFlow knows no agencies
    };
  }
}

/**
 * Forgets an agency that removed the app, unless it was installed again since.
 * @returns the accounts that had it
 */
export async function removeAgency(manager: EntityManager, companyId: string, at: Date): Promise<number[]> {
  const [removed] = await manager.query<[{ account_id: number }[], number]>(
    'delete from ghl.agencies where company_id = $1 and installed_at <= $2 returning account_id',
    [companyId, at],
  );
  return removed.map(({ account_id }) => account_id);
}

/** Forgets all agencies of an account, which wants no location any more. @returns their ids */
export async function removeAgenciesOf(manager: EntityManager, accountId: number): Promise<string[]> {
  const [removed] = await manager.query<[{ company_id: string }[], number]>(
    'delete from ghl.agencies where account_id = $1 returning company_id',
    [accountId],
  );
  return removed.map(({ company_id }) => company_id);
}
