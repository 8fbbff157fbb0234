import { type Locale } from '#libs/i18n';
import { ConfigError } from './config-error.js';

export type NodeEnv = 'development' | 'production' | 'test';
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
export type SwaggerAccess = 'admin' | 'open' | 'off';

/** Texts of ActiveRecord's three encryption variables, not derived keys (DM 8). */
export interface EncryptionConfig {
  readonly primaryKey: string;
  readonly deterministicKey: string;
  readonly keyDerivationSalt: string;
  readonly digest: 'sha1' | 'sha256';
}

export interface GhlConfig {
  /** From the environment only: `GlobalConfigService.ghlCredentials()` asks the database first. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  /** The key of HighLevel's encrypted user context (HL 8), or two. From the environment only. */
  readonly sharedSecret: string | undefined;
  /** Origins whose pages may show the one for HighLevel's frame. */
  readonly frameAncestors: readonly string[];
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** Base of the authorization page, without `/v2/oauth/chooselocation` and without a slash at the end. */
  readonly marketplaceUrl: string;
  readonly redirectPath: '/ghl/callback' | '/crm/callback';
  /** Nothing that people see may name the vendor: the neutral redirect path was chosen. */
  readonly isWhiteLabel: boolean;
  /** `PUBLIC_URL` + `redirectPath`: must be registered with the app at HighLevel, character by character. */
  readonly redirectUri: string;
  readonly extraScopes: readonly string[];
  /** False where DeskFlow's own job refreshes: two refreshers destroy each other's tokens. */
  readonly tokenRefresh: boolean;
  /** A token that expires within this many milliseconds is refreshed by the cron. */
  readonly refreshWindowMs: number;
  readonly encryptRefreshToken: boolean;
  /** Set only when `GHL_WEBHOOK_SECRET` is: the client secret stands in for it otherwise. */
  readonly webhookSecret: string | undefined;
  /** Whether HMAC signatures are accepted at all. */
  readonly webhookHmac: boolean;
  /** Ed25519 keys as PEM; HighLevel's own unless set. */
  readonly webhookPublicKeys: readonly string[];
  /** RSA keys as PEM; empty = the legacy scheme is off. */
  readonly legacyWebhookPublicKeys: readonly string[];
}

/** How long what HighLevel delivered counts and is kept. */
export interface WebhookConfig {
  /** Done and ignored rows of the inbox are deleted when they ended so long ago (milliseconds). */
  readonly retentionMs: number;
  /** Their payloads are dropped so long after they ended (milliseconds): always sooner, so that their keys outlive them. */
  readonly payloadRetentionMs: number;
  /** A delivery that nothing but its bytes or its header identifies is refused when it is older (milliseconds). */
  readonly replayWindowMs: number;
}

export interface SignInLimits {
  /** Failed sign-ins per address in 5 minutes. */
  readonly failuresPerIp: number;
  /** Failed sign-ins per e-mail address in 15 minutes. */
  readonly failuresPerEmail: number;
}

/**
 * The configuration of a process, typed and complete. `loadConfig` makes it and is the only reader of the environment;
 * everything else gets it injected.
 */
export class AppConfig {
  readonly nodeEnv!: NodeEnv;
  readonly host!: string;
  readonly port!: number;
  readonly simulatorPort!: number;
  /** Where the embedded default keeps its database and keys. */
  readonly dataDir!: string;
  readonly logLevel!: LogLevel;
  /** The language of answers where neither the user nor the account has one; neutral in a white-labelled installation. */
  readonly defaultLocale!: Locale;
  /** As Fastify's `trustProxy` takes it. */
  readonly trustProxy!: boolean | number | string[];
  readonly swaggerAccess!: SwaggerAccess;
  /** What a scraper must know; undefined: `/metrics` is open. */
  readonly metricsToken: string | undefined;
  /** Where people open DeskFlow; redirects after the callback start here. No slash at the end. */
  readonly frontendUrl!: string;
  /** Where HighLevel reaches this service. No slash at the end. */
  readonly publicUrl!: string;
  /** Undefined: wake-ups stay inside the process. */
  readonly redisUrl: string | undefined;
  /** Signs session tokens; equal in every process that is configured alike. */
  readonly session!: { readonly secret: string };
  readonly signIn!: SignInLimits;
  readonly demo!: { readonly adminEmail: string; readonly adminPassword: string };
  /** Undefined: tokens are stored in clear. */
  readonly encryption: EncryptionConfig | undefined;
  readonly ghl!: GhlConfig;
  readonly webhooks!: WebhookConfig;
  /** What works but deserves to be known; `ConfigModule` logs it once at start. */
  readonly warnings!: readonly string[];

  readonly #databaseUrl: string | undefined;

  constructor({ databaseUrl, ...settings }: AppSettings) {
    Object.assign(this, settings);
    this.#databaseUrl = databaseUrl;
  }

  /**
   * The address of PostgreSQL.
   * @throws ConfigError where none was given, which `isEmbedded` tells beforehand.
   */
  get databaseUrl(): string {
    if (this.#databaseUrl !== undefined) return this.#databaseUrl;
    const expected = 'the address of the database, for example "postgresql://user:password@host:5432/name"';
    throw new ConfigError([{ variable: 'DATABASE_URL', given: 'nothing', expected }]);
  }

  get isProduction(): boolean {
    return this.nodeEnv === 'production';
  }

  /** No database was named: the service is to bring its own. */
  get isEmbedded(): boolean {
    return this.#databaseUrl === undefined;
  }
}

export interface AppSettings extends Omit<AppConfig, 'databaseUrl' | 'isProduction' | 'isEmbedded'> {
  readonly databaseUrl: string | undefined;
}
