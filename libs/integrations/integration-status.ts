import { Injectable } from '@nestjs/common';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { type Hook, HookStatus } from '#libs/database';
import { NotConfigured } from '#libs/errors';
import { SCOPES } from '#libs/highlevel';
import { type Shape } from '#libs/http';
import { DataSource } from 'typeorm';
import { NotConnected } from './connection-errors.js';
import { type ConnectionHealth, findConnections } from './connections.js';
import { lastError } from './last-error.js';
import { parseTime, readHookSettings } from './hook-settings.js';
import { Hooks } from './hooks.js';
import { type ConnectionStatus, type IntegrationStatus } from './integration-status.dto.js';
import { TokenVault } from './token-vault.js';

/** Tells how an account's connections are doing. Reads no token, so that it works with keys that do not fit. */
@Injectable()
export class IntegrationStatuses {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly vault: TokenVault,
    private readonly globalConfig: GlobalConfigService,
    private readonly config: AppConfig,
  ) {}

  async of(accountId: number): Promise<Shape<IntegrationStatus>> {
    const [hooks, configured] = await Promise.all([this.hooks.findByAccount(accountId), this.isConfigured()]);
    const health = await findConnections(
      this.database.manager,
      hooks.map(({ id }) => id),
    );
    const connections = hooks.map((hook) => this.connectionStatus(hook, health.get(hook.id)));
    const shown = connections.find(({ connected }) => connected) ?? connections[0];
    return { ...shown, connected: shown?.connected ?? false, configured, connections };
  }

  /**
   * The hook of one location of the account; without a location, the one whose fields the status shows.
   * @throws NotConnected
   */
  async select(accountId: number, locationId?: string): Promise<Hook> {
    const wanted = locationId ?? (await this.of(accountId)).location_id;
    const hook = (await this.hooks.findByAccount(accountId)).find(
      ({ referenceId }) => referenceId === wanted,
    );
    if (!hook) throw new NotConnected();
    return hook;
  }

  private connectionStatus(hook: Hook, health: ConnectionHealth | undefined): Shape<ConnectionStatus> {
    const settings = readHookSettings(hook.settings);
    const scopes = (settings.scope ?? '').split(' ').filter((scope) => scope !== '');
    const wanted = [...SCOPES, ...this.config.ghl.extraScopes];
    const state = health?.state ?? 'connected';
    const sealed = [hook.accessToken, settings.refresh_token].filter((token) => typeof token === 'string');
    return {
      connected: hook.status === HookStatus.enabled && hook.accessToken !== null && state !== 'uninstalled',
      location_id: hook.referenceId,
      location_name: health?.locationName ?? null,
      timezone: health?.timezone ?? null,
      country: health?.country ?? null,
      company_id: settings.company_id ?? null,
      user_id: settings.user_id ?? null,
      expires_at: iso(parseTime(settings.expires_at)),
      connected_at: iso(parseTime(settings.connected_at)),
      last_refreshed_at: iso(health?.lastRefreshedAt),
      scope: scopes.join(' '),
      scopes,
      missing_scopes: wanted.filter((scope) => !scopes.includes(scope)),
      state,
      reason: health?.reason ?? null,
      last_error: lastError(health?.reason),
      since: iso(health?.since),
      consecutive_failures: health?.consecutiveFailures ?? 0,
      next_attempt_at: iso(health?.nextAttemptAt),
      reauthorization_required: state === 'reauthorization_required',
      encrypted: sealed.length > 0 && sealed.every((token) => this.vault.isSealed(token)),
    };
  }

  private async isConfigured(): Promise<boolean> {
    try {
      await this.globalConfig.ghlCredentials();
      return true;
    } catch (error) {
      if (error instanceof NotConfigured) return false;
      throw error;
    }
  }
}

function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null;
}
