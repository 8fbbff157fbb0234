import { Injectable } from '@nestjs/common';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { type Hook, HookStatus } from '#libs/database';
import { NotConfigured } from '#libs/errors';
import { SCOPES } from '#libs/highlevel';
import { type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { DataSource } from 'typeorm';
import { NotConnected } from './connection-errors.js';
import { type ConnectionHealth, findConnections } from './connections.js';
import { lastError } from './last-error.js';
import { parseTime, readHookSettings } from './hook-settings.js';
import { Hooks } from './hooks.js';
import { type ConnectionStatus, type IntegrationStatus } from './integration-status.dto.js';
import { TokenVault } from './token-vault.js';

interface Connections {
  readonly hooks: readonly Hook[];
  readonly health: ReadonlyMap<number, ConnectionHealth>;
  /** Whose fields the status shows: the first that works. */
  readonly shown: Hook | undefined;
}

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

  async of(accountId: number, locale: Locale): Promise<Shape<IntegrationStatus>> {
    const [{ hooks, health, shown }, configured] = await Promise.all([
      this.connectionsOf(accountId),
      this.isConfigured(),
    ]);
    const connections = hooks.map((hook) => this.connectionStatus(hook, health.get(hook.id), locale));
    const first = shown && connections[hooks.indexOf(shown)];
    return { ...first, connected: first?.connected ?? false, configured, connections };
  }

  /**
   * The hook of one location of the account; without a location, the one whose fields the status shows.
   * @throws NotConnected
   */
  async select(accountId: number, locationId?: string): Promise<Hook> {
    const { hooks, shown } = await this.connectionsOf(accountId);
    const hook =
      locationId === undefined ? shown : hooks.find(({ referenceId }) => referenceId === locationId);
    if (!hook) throw new NotConnected();
    return hook;
  }

  private async connectionsOf(accountId: number): Promise<Connections> {
    const hooks = await this.hooks.findByAccount(accountId);
    const health = await findConnections(
      this.database.manager,
      hooks.map(({ id }) => id),
    );
    return { hooks, health, shown: hooks.find((hook) => isConnected(hook, health.get(hook.id))) ?? hooks[0] };
  }

  private connectionStatus(
    hook: Hook,
    health: ConnectionHealth | undefined,
    locale: Locale,
  ): Shape<ConnectionStatus> {
    const settings = readHookSettings(hook.settings);
    const scopes = (settings.scope ?? '').split(' ').filter((scope) => scope !== '');
    const wanted = [...SCOPES, ...this.config.ghl.extraScopes];
    const state = health?.state ?? 'connected';
    const sealed = [hook.accessToken, settings.refresh_token].filter((token) => typeof token === 'string');
    return {
      connected: isConnected(hook, health),
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
      last_error: lastError(health?.reason, locale),
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

function isConnected({ status, accessToken }: Hook, health: ConnectionHealth | undefined): boolean {
  return status === HookStatus.enabled && accessToken !== null && health?.state !== 'uninstalled';
}

function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null;
}
