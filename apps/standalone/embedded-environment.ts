import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The app id half is what webhooks carry as `appId` (HL 2.1). */
export const EMBEDDED_CLIENT_ID = '6a10c0ffee5ca1ab1e000001-simulator';

/** So that an agency's locations can be listed and connected (HL 2.7), and custom fields have names. */
const EXTRA_SCOPES = 'oauth.readonly oauth.write locations/customFields.readonly';

const GENERATED_SECRETS = [
  'GHL_CLIENT_SECRET',
  'GHL_SHARED_SECRET',
  'SESSION_SECRET',
  'ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY',
  'ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY',
  'ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT',
] as const;

type Environment = Record<string, string | undefined>;

/**
 * The embedded defaults: what a developer without DeskFlow, HighLevel account or configuration gets.
 * A variable that is set wins over its default, so any part can be replaced by a real one.
 * @param env what the process was started with
 * @param found what only shows once the embedded parts run: their addresses and the simulator's key
 */
export function embeddedEnvironment(
  env: Environment,
  found: { databaseUrl: string; simulatorUrl: string; simulatorPublicKey: string; secrets: Environment },
): Environment {
  const port = env['PORT'] ?? '3000';
  return {
    FRONTEND_URL: `http://127.0.0.1:${port}`,
    GHL_API_URL: found.simulatorUrl,
    GHL_MARKETPLACE_URL: found.simulatorUrl,
    GHL_FRAME_ANCESTORS: found.simulatorUrl,
    GHL_WEBHOOK_PUBLIC_KEYS: found.simulatorPublicKey,
    GHL_CLIENT_ID: EMBEDDED_CLIENT_ID,
    GHL_EXTRA_SCOPES: EXTRA_SCOPES,
    SWAGGER_ACCESS: 'open',
    LOG_LEVEL: 'warn',
    ...found.secrets,
    ...env,
    DATABASE_URL: found.databaseUrl,
  };
}

/**
 * The installation's own secrets, generated once and kept beside the data they protect, readable by the owner only.
 * Losing the file makes the stored tokens unreadable, exactly as losing the keys in production would.
 */
export function embeddedSecrets(dataDir: string): Environment {
  const file = join(dataDir, 'secrets.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Environment) : {};
  const missing = GENERATED_SECRETS.filter((name) => !known[name]);
  if (missing.length === 0) return known;
  const secrets = {
    ...known,
    ...Object.fromEntries(missing.map((name) => [name, randomBytes(32).toString('base64url')])),
  };
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600); // writeFile's mode applies to new files only
  return secrets;
}
