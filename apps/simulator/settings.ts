import { type Collection } from './collection.js';
import { type Json } from './model.js';

export const SIGNATURE_SCHEMES = [
  'ed25519',
  'rsa',
  'both',
  'rsa-na',
  'hmac',
  'hmac-base64',
  'na',
  'none',
] as const;
/**
 * `ed25519`: `X-GHL-Signature`, what HighLevel sends. `rsa`: `X-WH-Signature` alone. `both`: both headers.
 * `rsa-na`: RSA, with `N/A` in the new header. `hmac`, `hmac-base64`: HMAC-SHA256 of a shared secret in
 * `X-GHL-Signature`, which HighLevel never sends (HL 4.2). `na`: `N/A` alone. `none`: no header.
 */
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

export const RETRY_POLICIES = ['only-429', 'backoff', 'never'] as const;
/** The two texts of HL 4.3 (`only-429`: 2025; `backoff`: added in July 2026), and none at all. */
export type RetryPolicy = (typeof RETRY_POLICIES)[number];

export interface RateLimit {
  /** Requests per interval, app and location. */
  max: number;
  intervalMs: number;
  daily: number;
  /** Whether a 429 says how long to wait; HighLevel is not known to (HL 3). */
  retryAfter: boolean;
}

export interface Settings {
  /** Where events go; null: nowhere. */
  webhookUrl: string | null;
  /** The app's page, which `/custom-page` shows in a frame; null: none. */
  customPageUrl: string | null;
  signatureScheme: SignatureScheme;
  retryPolicy: RetryPolicy;
  /** The waits between attempts are multiplied by this: 1 is HighLevel's pace, 0.001 a test's. */
  retryTimeFactor: number;
  webhookTimeoutMs: number;
  /** Deliveries under way at once. With 1, events arrive in the order they happened. */
  webhookConcurrency: number;
  rateLimit: RateLimit;
  /** HL 2.5. */
  tokenLifetimeSeconds: number;
  /** Whether a location token that an agency mints comes with a refresh token: since May 2026, it is said (HL 2.5). */
  mintsRefreshTokens: boolean;
  /** How long a change stays invisible to searches (HL 5.2: "a few seconds"). */
  searchLagMs: number;
  /** Fields that the official schema does not have are refused with 422, `companyName` in updates among them (HL 5.5). */
  rejectUnknownFields: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  webhookUrl: null,
  customPageUrl: null,
  signatureScheme: 'ed25519',
  retryPolicy: 'backoff',
  retryTimeFactor: 1,
  webhookTimeoutMs: 10_000,
  webhookConcurrency: 1,
  rateLimit: { max: 100, intervalMs: 10_000, daily: 200_000, retryAfter: false },
  tokenLifetimeSeconds: 86_399,
  mintsRefreshTokens: true,
  searchLagMs: 0,
  rejectUnknownFields: true,
};

/** Each entry says what is wrong with one value. */
export class SettingsInvalid extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('; '));
    this.name = 'SettingsInvalid';
  }
}

type Check = (value: unknown) => string | undefined;

const between =
  (least: number, most: number, whole = true): Check =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))
      ? undefined
      : `must be a${whole ? ' whole' : ''} number from ${least} to ${most}`;

const oneOf =
  (choices: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`;

const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

const webAddress: Check = (value) =>
  value === null || (typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value))
    ? undefined
    : 'must be an http or https URL, or null';

const RATE_LIMIT_CHECKS: Record<keyof RateLimit, Check> = {
  max: between(1, 1_000_000),
  intervalMs: between(10, 3_600_000),
  daily: between(1, 100_000_000),
  retryAfter: flag,
};

const CHECKS: Record<keyof Settings, Check> = {
  webhookUrl: webAddress,
  customPageUrl: webAddress,
  signatureScheme: oneOf(SIGNATURE_SCHEMES),
  retryPolicy: oneOf(RETRY_POLICIES),
  retryTimeFactor: between(0, 1, false),
  webhookTimeoutMs: between(10, 120_000),
  webhookConcurrency: between(1, 32),
  rateLimit: (value) => problemsOf(value, RATE_LIMIT_CHECKS).join(', ') || undefined,
  tokenLifetimeSeconds: between(1, 31_536_000),
  mintsRefreshTokens: flag,
  searchLagMs: between(0, 60_000),
  rejectUnknownFields: flag,
};

/** Settings that can be changed while the simulator runs, and stay over a restart. */
export class LiveSettings {
  private current: Settings;

  /** @param given wins over what an earlier run left @throws SettingsInvalid */
  constructor(
    private readonly stored: Collection<Partial<Settings>>,
    given: Partial<Settings> = {},
  ) {
    this.current = { ...DEFAULT_SETTINGS, ...stored.get(KEY) };
    this.change(given);
  }

  get(): Readonly<Settings> {
    return this.current;
  }

  /** Changes what is named and keeps the rest. @throws SettingsInvalid, and then nothing has changed */
  change(changes: Partial<Settings> | Json): Readonly<Settings> {
    const problems = problemsOf(changes, CHECKS);
    if (problems.length > 0) throw new SettingsInvalid(problems);
    const { rateLimit, ...others } = changes as Partial<Settings>;
    this.current = { ...this.current, ...others, rateLimit: { ...this.current.rateLimit, ...rateLimit } };
    if (Object.keys(changes).length > 0) this.stored.set(KEY, this.current);
    return this.current;
  }
}

const KEY = 'settings';

function problemsOf(values: unknown, checks: Readonly<Record<string, Check>>): string[] {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return ['must be an object'];
  return Object.entries(values).flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    const problem = check ? check(value) : 'is not a setting';
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
}
