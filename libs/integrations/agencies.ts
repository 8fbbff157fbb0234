import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { keepingParametersSecret } from './sql-failures.js';
import { TokenVault } from './token-vault.js';

/** The token pair of an agency-wide installation; it makes the tokens of the agency's locations (HL 2.4, 2.7). */
export interface AgencyGrant {
  readonly companyId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAt: Date;
  readonly scope: string | undefined;
  /** HighLevel's id of who installed. */
  readonly userId: string | undefined;
}

/** Keeps agency tokens (`ghl.agencies`), always sealed: no DeskFlow code reads them. */
@Injectable()
export class Agencies {
  constructor(
    private readonly database: DataSource,
    private readonly vault: TokenVault,
  ) {}

  /** Adds the agency to the account or replaces its tokens. @throws Unavailable */
  async store(accountId: number, grant: AgencyGrant): Promise<void> {
    await keepingParametersSecret(
      this.database.query(
        `insert into ghl.agencies (account_id, company_id, access_token, refresh_token, expires_at, scope, user_id)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account_id, company_id) do update
            set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                expires_at = excluded.expires_at, scope = excluded.scope, user_id = excluded.user_id,
                updated_at = now()`,
        [
          accountId,
          grant.companyId,
          this.vault.seal(grant.accessToken),
          this.vault.seal(grant.refreshToken),
          grant.expiresAt,
          grant.scope ?? null,
          grant.userId ?? null,
        ],
      ),
    );
  }
}

/** Forgets an agency that removed the app, unless its tokens are newer than the removal. */
export async function removeAgency(manager: EntityManager, companyId: string, at: Date): Promise<void> {
  await manager.query('delete from ghl.agencies where company_id = $1 and updated_at <= $2', [companyId, at]);
}
