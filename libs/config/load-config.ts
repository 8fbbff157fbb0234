import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { HIGHLEVEL_ED25519_PUBLIC_KEY } from '#libs/highlevel';
import { neutral, spokenLanguage } from '#libs/i18n';
import {
  AppConfig,
  type EncryptionConfig,
  type GhlConfig,
  type LogLevel,
  type NodeEnv,
  type SwaggerAccess,
  type WebhookConfig,
} from './app-config.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { parseDuration } from './duration.js';
import { Environment, SECRET_VARIABLES, type VariableName } from './environment.js';
import { parsePublicKeys, splitList } from './public-keys.js';
import { deriveSessionSecret, randomSessionSecret } from './session-secret.js';

/** HighLevel's production hosts (HL 1.1). */
const HIGHLEVEL_API_URL = 'https://services.leadconnectorhq.com';
const HIGHLEVEL_MARKETPLACE_URL = 'https://marketplace.gohighlevel.com';

/** Where people use HighLevel, unless their agency has a host of its own (HL 8.4). */
const HIGHLEVEL_APP_ORIGINS = ['https://app.gohighlevel.com', 'https://app.leadconnectorhq.com'];

const DEFAULT_REFRESH_WINDOW = '6h';

const DEFAULT_WEBHOOK_RETENTION = '30d';
/** How long a delivery is remembered beyond its payload where nothing else is asked for: more than a night's standstill. */
const MEMORY_BEYOND_PAYLOAD_MS = 86_400_000;
/** HighLevel delivers again for up to three days (HL 4.3), and the clock of either side may be wrong. */
const DEFAULT_REPLAY_WINDOW = '4d';
/** What is in the window must still be remembered at its end, with room for wrong clocks. */
const LEAST_MEMORY_BEYOND_WINDOW_MS = 3_600_000;

/**
 * Reads and validates the environment. A blank variable counts as unset.
 * @throws ConfigError that lists every problem at once and never shows a secret
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): AppConfig {
  const given = withoutBlanks(env);
  const problems = [...validate(given), ...crossCheck(given)];
  if (problems.length > 0) throw new ConfigError(problems);

  const nodeEnv = (given.NODE_ENV ?? 'development') as NodeEnv;
  const port = Number(given.PORT ?? 3000);
  const frontendUrl = baseUrl(given.FRONTEND_URL ?? `http://127.0.0.1:${port}`);
  const publicUrl = baseUrl(given.PUBLIC_URL ?? frontendUrl);
  const session = sessionSecret(given);
  const ghlConfig = ghl(given, publicUrl);
  const language = spokenLanguage(given.DEFAULT_LOCALE ?? 'en');

  return new AppConfig({
    nodeEnv,
    host: given.HOST ?? '127.0.0.1',
    port,
    simulatorPort: Number(given.SIMULATOR_PORT ?? 3001),
    dataDir: given.DATA_DIR ?? '.data',
    logLevel: (given.LOG_LEVEL ?? 'info') as LogLevel,
    defaultLocale: ghlConfig.isWhiteLabel ? neutral(language) : language,
    trustProxy: trustProxy(given.TRUST_PROXY ?? 'off'),
    swaggerAccess: (given.SWAGGER_ACCESS ?? (nodeEnv === 'production' ? 'admin' : 'open')) as SwaggerAccess,
    metricsToken: given.METRICS_TOKEN,
    frontendUrl,
    publicUrl,
    databaseUrl: given.DATABASE_URL,
    redisUrl: given.REDIS_URL,
    session: { secret: session.secret },
    signIn: {
      failuresPerIp: Number(given.SIGN_IN_FAILURES_PER_IP ?? 5),
      failuresPerEmail: Number(given.SIGN_IN_FAILURES_PER_EMAIL ?? 10),
    },
    demo: {
      adminEmail: given.DEMO_ADMIN_EMAIL ?? 'admin@example.com',
      adminPassword: given.DEMO_ADMIN_PASSWORD ?? 'Password1!',
    },
    encryption: encryption(given),
    ghl: ghlConfig,
    webhooks: webhooks(given),
    warnings: session.warning === undefined ? [] : [session.warning],
  });
}

function withoutBlanks(env: Readonly<Record<string, string | undefined>>): Environment {
  const entries = Object.entries(env)
    .map(([name, value]) => [name, value?.trim()] as const)
    .filter(([, value]) => value !== undefined && value !== '');
  return plainToInstance(Environment, Object.fromEntries(entries));
}

function validate(given: Environment): ConfigProblem[] {
  return validateSync(given, { stopAtFirstError: true }).map(({ property, value, constraints }) => ({
    variable: property,
    given: SECRET_VARIABLES.has(property) ? 'a value that is not shown here' : JSON.stringify(value),
    expected: Object.values(constraints ?? {}).join(' and '),
  }));
}

/** Rules that join variables. */
function crossCheck(given: Environment): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const keys = [
    'ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY',
    'ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY',
    'ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT',
  ] as const satisfies readonly VariableName[];
  const missing = keys.filter((name) => given[name] === undefined);
  if (missing.length < keys.length) {
    for (const variable of missing) {
      problems.push({
        variable,
        given: 'nothing',
        expected: 'a value, because another of the three encryption keys is set',
      });
    }
  }
  if (given.NODE_ENV === 'production' && given.FRONTEND_URL === undefined) {
    problems.push({
      variable: 'FRONTEND_URL',
      given: 'nothing',
      expected:
        'in production the address at which people open DeskFlow, for example "https://desk.example.com"',
    });
  }
  return [...problems, ...memoryProblems(given)];
}

/** A delivery has no effect twice only while its first copy is remembered. */
function memoryProblems(given: Environment): ConfigProblem[] {
  const { retentionMs, payloadRetentionMs, replayWindowMs } = webhooks(given);
  if (retentionMs === 0) return []; // complained about already
  const problems: ConfigProblem[] = [];
  if (payloadRetentionMs >= retentionMs) {
    problems.push({
      variable: 'WEBHOOK_PAYLOAD_RETENTION',
      given: JSON.stringify(given.WEBHOOK_PAYLOAD_RETENTION),
      expected: '"off" or less than WEBHOOK_RETENTION, as a delivery is remembered longer than its payload',
    });
  }
  if (replayWindowMs + LEAST_MEMORY_BEYOND_WINDOW_MS > retentionMs) {
    problems.push({
      variable: 'WEBHOOK_REPLAY_WINDOW',
      given: JSON.stringify(given.WEBHOOK_REPLAY_WINDOW ?? DEFAULT_REPLAY_WINDOW),
      expected: 'at least an hour less than WEBHOOK_RETENTION, for which deliveries are remembered',
    });
  }
  return problems;
}

function sessionSecret(given: Environment): { secret: string; warning?: string } {
  if (given.SESSION_SECRET !== undefined) return { secret: given.SESSION_SECRET };
  if (given.ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY !== undefined) {
    return { secret: deriveSessionSecret(given.ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY) };
  }
  return {
    secret: randomSessionSecret(),
    warning:
      'Neither SESSION_SECRET nor the encryption keys are set: sign-ins end with this process and hold for no other one.',
  };
}

function encryption(given: Environment): EncryptionConfig | undefined {
  const primaryKey = given.ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY;
  const deterministicKey = given.ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY;
  const keyDerivationSalt = given.ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT;
  if (primaryKey === undefined || deterministicKey === undefined || keyDerivationSalt === undefined)
    return undefined;
  const digest = given.ACTIVE_RECORD_ENCRYPTION_DIGEST === 'sha256' ? 'sha256' : 'sha1';
  return { primaryKey, deterministicKey, keyDerivationSalt, digest };
}

function ghl(given: Environment, publicUrl: string): GhlConfig {
  const redirectPath = given.GHL_REDIRECT_PATH === '/crm/callback' ? '/crm/callback' : '/ghl/callback';
  return {
    clientId: given.GHL_CLIENT_ID,
    clientSecret: given.GHL_CLIENT_SECRET,
    sharedSecret: given.GHL_SHARED_SECRET,
    frameAncestors: [...HIGHLEVEL_APP_ORIGINS, ...splitList(given.GHL_FRAME_ANCESTORS ?? '')],
    apiUrl: baseUrl(given.GHL_API_URL ?? HIGHLEVEL_API_URL),
    marketplaceUrl: baseUrl(given.GHL_MARKETPLACE_URL ?? HIGHLEVEL_MARKETPLACE_URL),
    redirectPath,
    isWhiteLabel: redirectPath === '/crm/callback',
    redirectUri: publicUrl + redirectPath,
    extraScopes: splitList(given.GHL_EXTRA_SCOPES ?? ''),
    tokenRefresh: given.GHL_TOKEN_REFRESH !== 'off',
    refreshWindowMs: parseDuration(given.GHL_REFRESH_WINDOW ?? DEFAULT_REFRESH_WINDOW) ?? 0,
    encryptRefreshToken: given.GHL_ENCRYPT_REFRESH_TOKEN !== 'false',
    webhookSecret: given.GHL_WEBHOOK_SECRET,
    webhookHmac: given.GHL_WEBHOOK_HMAC !== 'off',
    webhookPublicKeys:
      parsePublicKeys(given.GHL_WEBHOOK_PUBLIC_KEYS ?? HIGHLEVEL_ED25519_PUBLIC_KEY, 'ed25519') ?? [],
    legacyWebhookPublicKeys: parsePublicKeys(given.GHL_LEGACY_WEBHOOK_PUBLIC_KEYS ?? '', 'rsa') ?? [],
  };
}

function webhooks(given: Environment): WebhookConfig {
  const retentionMs = parseDuration(given.WEBHOOK_RETENTION ?? DEFAULT_WEBHOOK_RETENTION) ?? 0;
  return {
    retentionMs,
    payloadRetentionMs:
      parseDuration(given.WEBHOOK_PAYLOAD_RETENTION ?? 'off') ?? retentionMs - MEMORY_BEYOND_PAYLOAD_MS,
    replayWindowMs: parseDuration(given.WEBHOOK_REPLAY_WINDOW ?? DEFAULT_REPLAY_WINDOW) ?? 0,
  };
}

function trustProxy(text: string): boolean | number | string[] {
  if (text === 'on' || text === 'off') return text === 'on';
  return /^\d+$/.test(text) ? Number(text) : splitList(text);
}

function baseUrl(text: string): string {
  return text.replace(/\/+$/, '');
}
