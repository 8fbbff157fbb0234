import { Injectable } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { CONNECTION_COLUMNS, type ConnectionHealth } from './connections.js';
import { type HookSettings, parseTime, readHookSettings } from './hook-settings.js';
import { keepingParametersSecret } from './sql-failures.js';
import { type StoredTokens } from './stored-tokens.js';
import { type TokenGrant } from './token-grant.js';
import { TokenVault } from './token-vault.js';

interface TokenRow extends ConnectionHealth {
  readonly accountId: number;
  readonly status: number | null;
  readonly referenceId: string | null;
  readonly accessToken: string | null;
  readonly settings: unknown;
}

const SELECT_TOKENS = `
  select h.id as "hookId", h.account_id as "accountId", h.status, h.reference_id as "referenceId",
         h.access_token as "accessToken", h.settings, ${CONNECTION_COLUMNS}
    from integrations_hooks h left join ghl.connections c on c.hook_id = h.id
   where h.id = $1 and h.app_id = '${GOHIGHLEVEL_APP_ID}'`;

/** `settings` as an object whatever the column holds, so that concatenation keeps foreign keys. */
const SETTINGS_OBJECT = `case jsonb_typeof(settings) when 'object' then settings else '{}'::jsonb end`;

/** Reads and writes the token pair of a hook row; the only place where tokens pass between memory and table. */
@Injectable()
export class HookTokens {
  constructor(
    private readonly vault: TokenVault,
    private readonly config: AppConfig,
  ) {}

  /** @throws TokenUnreadable */
  async find(manager: EntityManager, hookId: number): Promise<StoredTokens | undefined> {
    const [row] = await manager.query<TokenRow[]>(SELECT_TOKENS, [hookId]);
    return row && this.opened(row);
  }

  /**
   * As `find`, and nobody else refreshes this hook until the transaction ends. @throws TokenUnreadable
   * Two statements: one that waited for the lock would see the hook as it is now and its connection as it was before.
   */
  async lock(manager: EntityManager, hookId: number): Promise<StoredTokens | undefined> {
    await manager.query('select from integrations_hooks where id = $1 for update', [hookId]);
    return this.find(manager, hookId);
  }

  /** Stores a renewed pair. The caller holds the row's lock. @throws Unavailable */
  async store(manager: EntityManager, hookId: number, grant: TokenGrant): Promise<void> {
    await this.write(manager, hookId, grant, this.settingsOf(grant));
  }

  /** Stores the first pair of a new authorization and enables the hook; of an older one nothing stays. @throws Unavailable */
  async install(manager: EntityManager, hookId: number, grant: TokenGrant, at: Date): Promise<void> {
    await this.drop(manager, hookId);
    await this.write(manager, hookId, grant, { ...this.settingsOf(grant), connected_at: at.toISOString() });
    await manager.query(`update integrations_hooks set status = ${HookStatus.enabled} where id = $1`, [
      hookId,
    ]);
  }

  /** Disables the hook and removes its tokens. */
  async drop(manager: EntityManager, hookId: number): Promise<void> {
    await manager.query(
      `update integrations_hooks
          set access_token = null, settings = ${SETTINGS_OBJECT} - '{refresh_token,expires_at}'::text[],
              status = ${HookStatus.disabled}, updated_at = now() at time zone 'UTC'
        where id = $1`,
      [hookId],
    );
  }

  private async write(
    manager: EntityManager,
    hookId: number,
    grant: TokenGrant,
    settings: HookSettings,
  ): Promise<void> {
    await keepingParametersSecret(
      manager.query(
        `update integrations_hooks
            set access_token = $2, settings = ${SETTINGS_OBJECT} || $3::jsonb, updated_at = now() at time zone 'UTC'
          where id = $1`,
        [hookId, this.vault.seal(grant.accessToken), JSON.stringify(settings)],
      ),
    );
  }

  /** Keys that the answer did not carry are left out, so that concatenation keeps what is stored. */
  private settingsOf(grant: TokenGrant): HookSettings {
    return {
      refresh_token: grant.refreshToken === undefined ? undefined : this.sealRefreshToken(grant.refreshToken),
      expires_at: grant.expiresAt.toISOString(),
      scope: grant.scope,
      location_id: grant.locationId,
      company_id: grant.companyId,
      user_id: grant.userId,
      user_type: grant.userType,
    };
  }

  /** Clear text where DeskFlow's own code must still be able to read it (GHL_ENCRYPT_REFRESH_TOKEN=false). */
  private sealRefreshToken(token: string): string {
    return this.config.ghl.encryptRefreshToken ? this.vault.seal(token) : token;
  }

  private opened(row: TokenRow): StoredTokens {
    const { accountId, status, referenceId, accessToken, settings: storedSettings, ...connection } = row;
    const settings = readHookSettings(storedSettings);
    const open = (stored: string | null | undefined): string | undefined =>
      stored ? this.vault.open(stored, row.hookId) : undefined;
    return {
      hookId: row.hookId,
      accountId,
      locationId: referenceId ?? settings.location_id ?? '',
      enabled: status === HookStatus.enabled,
      accessToken: open(accessToken),
      refreshToken: open(settings.refresh_token),
      expiresAt: parseTime(settings.expires_at),
      connection,
    };
  }
}
