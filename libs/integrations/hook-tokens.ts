import { Injectable } from '@nestjs/common';
import { type AuditActor, AuditLog } from '#libs/audit';
import { AppConfig } from '#libs/config';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { CONNECTION_COLUMNS, type ConnectionHealth, recordFailure, recordRefreshed } from './connections.js';
import { auditRefresh, type AuditedRow, THIS_SERVICE } from './refresh-audit.js';
import { type HookSettings, parseTime, readHookSettings } from './hook-settings.js';
import { ReauthorizationFlags } from './reauthorization-flags.js';
import { keepingParametersSecret } from './sql-failures.js';
import { type StoredTokens, type TokenRow } from './stored-tokens.js';
import { type TokenGrant, type TokenPair } from './token-grant.js';
import { TokenVault } from './token-vault.js';

interface HookRow extends ConnectionHealth {
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
    private readonly audit: AuditLog,
    private readonly flags: ReauthorizationFlags,
    private readonly config: AppConfig,
  ) {}

  /** The row of a hook as one that is renewed. @param actor who wants it renewed */
  row(hookId: number, actor: AuditActor = THIS_SERVICE): TokenRow {
    const audited = ({ accountId, holder }: StoredTokens): AuditedRow => {
      const locationId = holder.userType === 'Location' ? holder.locationId : undefined;
      return { kind: 'connection', accountId, hookId, locationId, actor };
    };
    return {
      key: `hook ${hookId}`,
      subject: { hook_id: hookId },
      facts: { hookId },
      find: (manager) => this.find(manager, hookId),
      lock: (manager) => this.lock(manager, hookId),
      store: async (manager, stored, pair, at) => {
        await this.write(manager, hookId, pair, this.settingsOf(pair));
        await recordRefreshed(manager, hookId, stored.accountId, at);
        await auditRefresh(this.audit, manager, audited(stored));
      },
      fail: async (manager, stored, failure, at) => {
        await recordFailure(manager, hookId, stored.accountId, failure, at);
        await auditRefresh(this.audit, manager, audited(stored), failure);
      },
      announce: ({ health }, failure) => {
        if (!failure) void this.flags.clear([hookId]);
        else if (failure.state === 'reauthorization_required')
          void this.flags.raise(hookId, health.consecutiveFailures + 1);
      },
    };
  }

  private async find(manager: EntityManager, hookId: number): Promise<StoredTokens | undefined> {
    const [row] = await manager.query<HookRow[]>(SELECT_TOKENS, [hookId]);
    return row && this.opened(row);
  }

  /** Two statements: one that waited for the lock would see the hook as it is now and its connection as it was before. */
  private async lock(manager: EntityManager, hookId: number): Promise<StoredTokens | undefined> {
    await manager.query('select from integrations_hooks where id = $1 for update', [hookId]);
    return this.find(manager, hookId);
  }

  /** Stores the first pair of a new authorization and enables the hook; of an older one nothing stays. @throws Unavailable */
  async install(manager: EntityManager, hookId: number, grant: TokenGrant, at: Date): Promise<void> {
    await this.drop(manager, hookId);
    await this.write(manager, hookId, grant, {
      ...this.settingsOf(grant),
      location_id: grant.locationId,
      user_type: 'Location',
      connected_at: at.toISOString(),
    });
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
    { accessToken }: TokenPair,
    settings: HookSettings,
  ): Promise<void> {
    await keepingParametersSecret(
      manager.query(
        `update integrations_hooks
            set access_token = $2, settings = ${SETTINGS_OBJECT} || $3::jsonb, updated_at = now() at time zone 'UTC'
          where id = $1`,
        [hookId, this.vault.seal(accessToken), JSON.stringify(settings)],
      ),
    );
  }

  /** Keys that the answer did not carry are left out, so that concatenation keeps what is stored. */
  private settingsOf({ refreshToken, expiresAt, scope, companyId, userId }: TokenPair): HookSettings {
    return {
      refresh_token: refreshToken === undefined ? undefined : this.sealRefreshToken(refreshToken),
      expires_at: expiresAt.toISOString(),
      scope,
      company_id: companyId,
      user_id: userId,
    };
  }

  /** Clear text where DeskFlow's own code must still be able to read it (GHL_ENCRYPT_REFRESH_TOKEN=false). */
  private sealRefreshToken(token: string): string {
    return this.config.ghl.encryptRefreshToken ? this.vault.seal(token) : token;
  }

  private opened(row: HookRow): StoredTokens {
    const { hookId, accountId, status, referenceId, accessToken, settings: storedSettings, ...health } = row;
    const settings = readHookSettings(storedSettings);
    const open = (stored: string | null | undefined): string | undefined =>
      stored ? this.vault.open(stored, hookId) : undefined;
    return {
      subject: { hook_id: hookId },
      accountId,
      holder: {
        userType: 'Location',
        locationId: referenceId ?? settings.location_id ?? '',
        companyId: settings.company_id,
      },
      enabled: status === HookStatus.enabled,
      accessToken: open(accessToken),
      refreshToken: open(settings.refresh_token),
      expiresAt: parseTime(settings.expires_at),
      health,
    };
  }
}
