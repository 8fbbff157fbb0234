import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotConfigured, NotFound } from '#libs/errors';
import { AppConfig } from './app-config.js';
import { splitList } from './public-keys.js';
import { readTaggedValue, writeTaggedValue } from './tagged-yaml.js';

/** Another process that changes a row is noticed after this long at the latest. */
const CACHE_MS = 30_000;

/** The settings that `installation_configs` may hold for this service, and which of them are never shown again. */
const SETTINGS = {
  GHL_CLIENT_ID: { secret: false, environment: (config: AppConfig) => config.ghl.clientId },
  GHL_CLIENT_SECRET: { secret: true, environment: (config: AppConfig) => config.ghl.clientSecret },
  GHL_SHARED_SECRET: { secret: true, environment: (config: AppConfig) => config.ghl.sharedSecret },
  GHL_WEBHOOK_SECRET: { secret: true, environment: (config: AppConfig) => config.ghl.webhookSecret },
} as const;

export type GlobalConfigName = keyof typeof SETTINGS;
export const GLOBAL_CONFIG_NAMES = Object.keys(SETTINGS) as readonly GlobalConfigName[];

export interface GhlCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What may be told of a setting. `value` is there only for settings that are no secret. */
export interface GlobalConfigState {
  readonly name: GlobalConfigName;
  readonly secret: boolean;
  readonly set: boolean;
  readonly source: 'database' | 'environment' | 'none';
  readonly value?: string;
}

interface Row {
  name: GlobalConfigName;
  serialized_value: unknown;
}

type StoredValues = ReadonlyMap<GlobalConfigName, string>;

/**
 * Settings that a super admin may change while the service runs: a non-blank row of `installation_configs` first, then
 * the environment (DM 6). Unlike Rails it never writes an environment's value back, so the environment stays in charge
 * until somebody stores a value on purpose.
 */
@Injectable()
export class GlobalConfigService {
  private readonly logger = new Logger(GlobalConfigService.name);
  private cached: { readonly values: Promise<StoredValues>; readonly until: number } | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly source: DataSource,
  ) {}

  async get(name: GlobalConfigName): Promise<string | undefined> {
    const stored = await this.stored();
    return stored.get(name) ?? SETTINGS[name].environment(this.config);
  }

  /** @throws NotConfigured when either half is missing. */
  async ghlCredentials(): Promise<GhlCredentials> {
    const [clientId, clientSecret] = await Promise.all([
      this.get('GHL_CLIENT_ID'),
      this.get('GHL_CLIENT_SECRET'),
    ]);
    if (clientId === undefined || clientSecret === undefined) throw new NotConfigured();
    return { clientId, clientSecret };
  }

  /** The secret of HMAC-signed deliveries; the client secret where none is set of its own. */
  async webhookSecret(): Promise<string | undefined> {
    return (await this.get('GHL_WEBHOOK_SECRET')) ?? (await this.get('GHL_CLIENT_SECRET'));
  }

  /** What opens HighLevel's user context: none, one, or two while it is being changed. */
  async sharedSecrets(): Promise<readonly string[]> {
    return splitList((await this.get('GHL_SHARED_SECRET')) ?? '').slice(0, 2);
  }

  async list(): Promise<GlobalConfigState[]> {
    const stored = await this.stored();
    return GLOBAL_CONFIG_NAMES.map((name) => {
      const fromRow = stored.get(name);
      const value = fromRow ?? SETTINGS[name].environment(this.config);
      const { secret } = SETTINGS[name];
      const source = fromRow !== undefined ? 'database' : value !== undefined ? 'environment' : 'none';
      const state = { name, secret, set: value !== undefined, source } as const;
      return secret || value === undefined ? state : { ...state, value };
    });
  }

  /** @throws NotFound for a name that is no setting of this service. */
  async describe(name: string): Promise<GlobalConfigState> {
    const state = (await this.list()).find((candidate) => candidate.name === name);
    if (!state) throw new NotFound('Setting');
    return state;
  }

  /**
   * Stores a value as Rails would. A blank one leaves a blank row, which counts as absent: the environment applies
   * again.
   * @throws NotFound for a name that is no setting of this service.
   */
  async set(name: string, value: string): Promise<GlobalConfigState> {
    if (!isGlobalConfigName(name)) throw new NotFound('Setting');
    await this.source.query(
      `insert into installation_configs (name, serialized_value, locked, created_at, updated_at)
       values ($1, to_jsonb($2::text), false, now() at time zone 'utc', now() at time zone 'utc')
       on conflict (name) do update
         set serialized_value = excluded.serialized_value, updated_at = excluded.updated_at`,
      [name, writeTaggedValue(value.trim())],
    );
    this.cached = undefined;
    return this.describe(name);
  }

  private stored(): Promise<StoredValues> {
    const now = Date.now();
    if (this.cached && this.cached.until > now) return this.cached.values;
    const entry = { values: this.read(), until: now + CACHE_MS };
    this.cached = entry;
    // A failed read is nobody's answer for the next 30 seconds.
    entry.values.catch(() => {
      if (this.cached === entry) this.cached = undefined;
    });
    return entry.values;
  }

  private async read(): Promise<StoredValues> {
    const rows: Row[] = await this.source.query(
      'select name, serialized_value from installation_configs where name = any($1::varchar[])',
      [GLOBAL_CONFIG_NAMES],
    );
    const values = new Map<GlobalConfigName, string>();
    for (const { name, serialized_value } of rows) {
      const value = this.text(name, readTaggedValue(serialized_value));
      if (value !== '') values.set(name, value);
    }
    return values;
  }

  private text(name: GlobalConfigName, value: unknown): string {
    if (typeof value === 'string') return value.trim();
    if (typeof value === 'number' || typeof value === 'bigint') return value.toString();
    if (value !== null && value !== undefined) {
      this.logger.warn({ msg: 'A row of installation_configs holds no text and counts as absent', name });
    }
    return '';
  }
}

function isGlobalConfigName(name: string): name is GlobalConfigName {
  return Object.hasOwn(SETTINGS, name);
}
