import { IsOptional } from 'class-validator';
import {
  AtLeastCharacters,
  AtMostTwo,
  BaseUrl,
  Duration,
  DurationOrOff,
  EmailAddress,
  LocaleCode,
  OneOf,
  OnOff,
  Origins,
  Port,
  PublicKeys,
  Scopes,
  TrustProxy,
  Url,
  WholeNumber,
} from './constraints.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The environment as it is given: texts, blank ones left out. What each variable means and its default is in
 * `.env.example` and docs/configuration.md; `loadConfig` turns this into `AppConfig`.
 */
export class Environment {
  @IsOptional() @OneOf('development', 'production', 'test') NODE_ENV?: string;
  @IsOptional() HOST?: string;
  @IsOptional() @Port() PORT?: string;
  @IsOptional() @Port() SIMULATOR_PORT?: string;
  @IsOptional() DATA_DIR?: string;
  @IsOptional() @OneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace') LOG_LEVEL?: string;
  @IsOptional() @LocaleCode() DEFAULT_LOCALE?: string;
  @IsOptional() @TrustProxy() TRUST_PROXY?: string;
  @IsOptional() @OneOf('admin', 'open', 'off') SWAGGER_ACCESS?: string;
  @IsOptional() @AtLeastCharacters(16) METRICS_TOKEN?: string;

  @IsOptional() @BaseUrl() FRONTEND_URL?: string;
  @IsOptional() @BaseUrl() PUBLIC_URL?: string;
  @IsOptional() @Url(['postgres', 'postgresql'], { credentials: true }) DATABASE_URL?: string;
  @IsOptional() @Url(['redis', 'rediss'], { credentials: true }) REDIS_URL?: string;

  @IsOptional() @Duration(4 * DAY_MS, 3_650 * DAY_MS, '4d to 3650d') WEBHOOK_RETENTION?: string;
  @IsOptional() @DurationOrOff(HOUR_MS, 3_650 * DAY_MS, '1h to 3650d') WEBHOOK_PAYLOAD_RETENTION?: string;
  @IsOptional() @Duration(2 * HOUR_MS, 365 * DAY_MS, '2h to 365d') WEBHOOK_REPLAY_WINDOW?: string;

  @IsOptional() @AtLeastCharacters(32) SESSION_SECRET?: string;
  @IsOptional() @WholeNumber(1, 1_000_000) SIGN_IN_FAILURES_PER_IP?: string;
  @IsOptional() @WholeNumber(1, 1_000_000) SIGN_IN_FAILURES_PER_EMAIL?: string;
  @IsOptional() @EmailAddress() DEMO_ADMIN_EMAIL?: string;
  @IsOptional() @AtLeastCharacters(6) DEMO_ADMIN_PASSWORD?: string;

  @IsOptional() ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY?: string;
  @IsOptional() ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY?: string;
  @IsOptional() ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT?: string;
  @IsOptional() @OneOf('sha1', 'sha256') ACTIVE_RECORD_ENCRYPTION_DIGEST?: string;

  @IsOptional() GHL_CLIENT_ID?: string;
  @IsOptional() GHL_CLIENT_SECRET?: string;
  @IsOptional() @AtMostTwo() GHL_SHARED_SECRET?: string;
  @IsOptional() @Origins() GHL_FRAME_ANCESTORS?: string;
  @IsOptional() @BaseUrl() GHL_API_URL?: string;
  @IsOptional() @BaseUrl() GHL_MARKETPLACE_URL?: string;
  @IsOptional() @OneOf('/ghl/callback', '/crm/callback') GHL_REDIRECT_PATH?: string;
  @IsOptional() @Scopes() GHL_EXTRA_SCOPES?: string;
  @IsOptional() @OnOff() GHL_TOKEN_REFRESH?: string;
  @IsOptional() @Duration(MINUTE_MS, DAY_MS, '1m to 1d') GHL_REFRESH_WINDOW?: string;
  @IsOptional() @OneOf('true', 'false') GHL_ENCRYPT_REFRESH_TOKEN?: string;
  @IsOptional() GHL_WEBHOOK_SECRET?: string;
  @IsOptional() @OnOff() GHL_WEBHOOK_HMAC?: string;
  @IsOptional() @PublicKeys('ed25519', 'one or more Ed25519 public keys') GHL_WEBHOOK_PUBLIC_KEYS?: string;
  @IsOptional() @PublicKeys('rsa', 'one or more RSA public keys') GHL_LEGACY_WEBHOOK_PUBLIC_KEYS?: string;
}

export type VariableName = keyof Environment;

/** Variables whose value is never printed. Connection URLs carry passwords. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set<VariableName>([
  'DATABASE_URL',
  'REDIS_URL',
  'SESSION_SECRET',
  'METRICS_TOKEN',
  'DEMO_ADMIN_PASSWORD',
  'ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY',
  'ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY',
  'ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT',
  'GHL_CLIENT_SECRET',
  'GHL_SHARED_SECRET',
  'GHL_WEBHOOK_SECRET',
]);
