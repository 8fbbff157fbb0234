import { Injectable } from '@nestjs/common';
import { type CallingAccount } from '#libs/auth';
import { AppConfig } from '#libs/config';
import { GOHIGHLEVEL_APP_ID, type Hook, HookStatus } from '#libs/database';
import { type Shape } from '#libs/http';
import { type Locale, say, text } from '#libs/i18n';
import { DataSource } from 'typeorm';
import { type AppHook, type IntegrationApp, type VisibleSettings } from './app-registry.dto.js';
import { findConnections } from './connections.js';
import { readHookSettings } from './hook-settings.js';
import { Hooks } from './hooks.js';

/** The registry's allow-list: what is not named here is never shown (DM 5). */
const VISIBLE_PROPERTIES = ['location_id', 'company_id', 'scope', 'connected_at', 'expires_at'] as const;

/** What Chatwoot keeps of an app in its apps.yml, and in each locale (DM 5). */
const ADMINISTRATOR_ENTRY = {
  logo: 'gohighlevel.png',
  i18n_key: GOHIGHLEVEL_APP_ID,
  hook_type: 'account' as const,
  allow_multiple_hooks: true,
  visible_properties: [...VISIBLE_PROPERTIES],
};

/** This integration as an entry of Chatwoot's app registry, seen by a member of an account. */
@Injectable()
export class AppRegistry {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly config: AppConfig,
  ) {}

  async entryFor({ id: accountId, role }: CallingAccount, locale: Locale): Promise<Shape<IntegrationApp>> {
    const hooks = await this.hooks.findByAccount(accountId);
    const health = await findConnections(
      this.database.manager,
      hooks.map(({ id }) => id),
    );
    const isAdministrator = role === 'administrator';
    const appHooks = hooks.map((hook) => ({
      ...memberView(hook),
      reauthorization_required: health.get(hook.id)?.state === 'reauthorization_required',
      ...(isAdministrator && { reference_id: hook.referenceId, settings: visibleSettings(hook) }),
    }));
    const entry = { ...description(locale), enabled: hooks.length > 0, hooks: appHooks };
    if (!isAdministrator) return entry;
    const action = `${this.config.frontendUrl}/app/accounts/${accountId}/settings/integrations/${GOHIGHLEVEL_APP_ID}`;
    return { ...entry, ...ADMINISTRATOR_ENTRY, action, button: action };
  }
}

function description(
  locale: Locale,
): Pick<IntegrationApp, 'id' | 'name' | 'description' | 'short_description'> {
  return {
    id: GOHIGHLEVEL_APP_ID,
    name: say(locale, text('integration_apps.gohighlevel.name')),
    description: say(locale, text('integration_apps.gohighlevel.description')),
    short_description: say(locale, text('integration_apps.gohighlevel.short_description')),
  };
}

function memberView(hook: Hook): Omit<Shape<AppHook>, 'reauthorization_required'> {
  return {
    id: hook.id,
    app_id: hook.appId,
    account_id: hook.accountId,
    status: hook.status === HookStatus.enabled,
    hook_type: 'account',
    inbox: null,
  };
}

function visibleSettings(hook: Hook): Shape<VisibleSettings> {
  const settings = readHookSettings(hook.settings);
  const shown = VISIBLE_PROPERTIES.filter((key) => settings[key] !== undefined);
  return Object.fromEntries(shown.map((key) => [key, String(settings[key])]));
}
