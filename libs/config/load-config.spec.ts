import { generateKeyPairSync } from 'node:crypto';
import { HIGHLEVEL_ED25519_PUBLIC_KEY } from '#libs/highlevel';
import { ConfigError, loadConfig } from './index.js';

function problemsOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('loadConfig accepted what it should refuse');
}

const KEYS = {
  ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'primary',
  ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: 'deterministic',
  ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: 'salt',
};

describe('DEFAULT_LOCALE', () => {
  it.each([
    ['pt_BR', 'pt_BR'],
    ['pt-BR', 'pt_BR'],
    ['en', 'en'],
    ['zh_CN', 'en'],
  ])('may be any of DeskFlow’s: %s is answered in %s', (DEFAULT_LOCALE, defaultLocale) => {
    expect(loadConfig({ DEFAULT_LOCALE })).toMatchObject({ defaultLocale });
  });

  it('is refused where it is none', () => {
    expect(problemsOf({ DEFAULT_LOCALE: 'portuguese' })).toContain(
      'DEFAULT_LOCALE: expected a locale of DeskFlow',
    );
  });
});

describe('the defaults', () => {
  const config = loadConfig({});

  it('are a development process on this machine only', () => {
    expect(config).toMatchObject({
      nodeEnv: 'development',
      isProduction: false,
      host: '127.0.0.1',
      port: 3000,
      simulatorPort: 3001,
      dataDir: '.data',
      frontendUrl: 'http://127.0.0.1:3000',
      publicUrl: 'http://127.0.0.1:3000',
      isEmbedded: true,
      redisUrl: undefined,
      swaggerAccess: 'open',
      defaultLocale: 'en',
      trustProxy: false,
      logLevel: 'info',
    });
  });

  it('remember deliveries for a month, and take unnamed ones for longer than HighLevel repeats them', () => {
    expect(config.webhooks).toEqual({
      retentionMs: 30 * 86_400_000,
      payloadRetentionMs: 29 * 86_400_000,
      replayWindowMs: 4 * 86_400_000,
    });
  });

  it('talk to the real HighLevel', () => {
    expect(config.ghl).toMatchObject({
      apiUrl: 'https://services.leadconnectorhq.com',
      marketplaceUrl: 'https://marketplace.gohighlevel.com',
      redirectPath: '/ghl/callback',
      redirectUri: 'http://127.0.0.1:3000/ghl/callback',
      extraScopes: [],
      tokenRefresh: true,
      refreshWindowMs: 6 * 3_600_000,
      encryptRefreshToken: true,
      webhookHmac: true,
      webhookPublicKeys: [HIGHLEVEL_ED25519_PUBLIC_KEY],
      legacyWebhookPublicKeys: [],
      clientId: undefined,
      clientSecret: undefined,
      webhookSecret: undefined,
    });
  });

  it('name no database, and say so when one is asked for', () => {
    expect(() => config.databaseUrl).toThrow(/DATABASE_URL: expected the address of the database/);
  });

  it('show the documentation to administrators only in production', () => {
    const production = loadConfig({ NODE_ENV: 'production', FRONTEND_URL: 'https://desk.example.com' });
    expect(production).toMatchObject({ isProduction: true, swaggerAccess: 'admin' });
  });
});

describe('what is given', () => {
  it('is trimmed, and blank is unset', () => {
    const config = loadConfig({ PORT: ' 8080 ', HOST: '  ', GHL_CLIENT_ID: '', REDIS_URL: ' ' });
    expect(config).toMatchObject({ port: 8080, host: '127.0.0.1', redisUrl: undefined });
    expect(config.ghl.clientId).toBeUndefined();
  });

  it('loses the slash at the end of an address', () => {
    const config = loadConfig({
      FRONTEND_URL: 'https://desk.example.com/',
      PUBLIC_URL: 'https://hooks.example.com/x//',
    });
    expect(config.frontendUrl).toBe('https://desk.example.com');
    expect(config.ghl.redirectUri).toBe('https://hooks.example.com/x/ghl/callback');
  });

  it('can send the neutral callback to HighLevel', () => {
    const config = loadConfig({
      FRONTEND_URL: 'https://desk.example.com',
      GHL_REDIRECT_PATH: '/crm/callback',
    });
    expect(config.ghl.redirectUri).toBe('https://desk.example.com/crm/callback');
  });

  it.each([
    ['21600', 21_600_000],
    ['45m', 2_700_000],
    ['6h', 21_600_000],
    ['3600s', 3_600_000],
    ['1d', 86_400_000],
  ])('reads the duration %s', (text, ms) => {
    expect(loadConfig({ GHL_REFRESH_WINDOW: text }).ghl.refreshWindowMs).toBe(ms);
  });

  it.each([
    ['off', false],
    ['on', true],
    ['2', 2],
    ['10.0.0.0/8, 127.0.0.1', ['10.0.0.0/8', '127.0.0.1']],
  ])('reads TRUST_PROXY=%s', (text, value) => {
    expect(loadConfig({ TRUST_PROXY: text }).trustProxy).toEqual(value);
  });

  it('splits scopes at blanks and commas', () => {
    const { ghl } = loadConfig({ GHL_EXTRA_SCOPES: 'oauth.readonly, locations/tags.readonly  oauth.write' });
    expect(ghl.extraScopes).toEqual(['oauth.readonly', 'locations/tags.readonly', 'oauth.write']);
  });

  it('names the database and the queue', () => {
    const config = loadConfig({
      DATABASE_URL: 'postgresql://u:p@db/desk',
      REDIS_URL: 'rediss://:p@redis:6380/1',
    });
    expect(config.databaseUrl).toBe('postgresql://u:p@db/desk');
    expect(config.redisUrl).toBe('rediss://:p@redis:6380/1');
    expect(config.isEmbedded).toBe(false);
  });

  it('turns switches off', () => {
    const { ghl } = loadConfig({
      GHL_TOKEN_REFRESH: 'off',
      GHL_WEBHOOK_HMAC: 'off',
      GHL_ENCRYPT_REFRESH_TOKEN: 'false',
    });
    expect(ghl).toMatchObject({ tokenRefresh: false, webhookHmac: false, encryptRefreshToken: false });
  });
});

describe('public keys', () => {
  const pem = (type: 'ed25519' | 'rsa', bits = 2048): string => {
    const pair =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: bits }) : generateKeyPairSync('ed25519');
    return pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  };
  const der = (text: string): string => text.replace(/-----[^-]+-----|\s/g, '');

  it('come as PEM, several at a time, with real or written line ends', () => {
    const [first, second] = [pem('ed25519'), pem('ed25519')];
    expect(loadConfig({ GHL_WEBHOOK_PUBLIC_KEYS: first + second }).ghl.webhookPublicKeys).toEqual([
      first,
      second,
    ]);
    const escaped = first.replaceAll('\n', '\\n');
    expect(loadConfig({ GHL_WEBHOOK_PUBLIC_KEYS: escaped }).ghl.webhookPublicKeys).toEqual([first]);
  });

  it('come as base64 of the SPKI, separated by commas', () => {
    const [first, second] = [pem('rsa'), pem('rsa')];
    const { ghl } = loadConfig({ GHL_LEGACY_WEBHOOK_PUBLIC_KEYS: `${der(first)}, ${der(second)}` });
    expect(ghl.legacyWebhookPublicKeys).toEqual([first, second]);
  });

  it.each([
    ['a key of the other type', pem('rsa')],
    ['no key', 'abc'],
    ['a broken PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['a good key and rubbish', `${pem('ed25519')} rubbish`],
  ])('are refused when they are %s', (_, text) => {
    expect(problemsOf({ GHL_WEBHOOK_PUBLIC_KEYS: text })).toContain(
      'GHL_WEBHOOK_PUBLIC_KEYS: expected one or more Ed25519',
    );
  });

  it('are refused when an RSA key is too short', () => {
    expect(problemsOf({ GHL_LEGACY_WEBHOOK_PUBLIC_KEYS: pem('rsa', 1024) })).toContain('RSA public keys');
  });
});

describe('a wrong value', () => {
  it.each([
    ['NODE_ENV', 'staging', 'one of "development", "production", "test"'],
    ['PORT', '65536', 'a whole number from 0 to 65535'],
    ['PORT', '30x0', 'a whole number from 0 to 65535'],
    ['SIMULATOR_PORT', '-1', 'a whole number from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'one of "fatal", "error"'],
    ['SWAGGER_ACCESS', 'yes', 'one of "admin", "open", "off"'],
    ['TRUST_PROXY', 'always!', '"on", "off", the number of proxies'],
    ['FRONTEND_URL', 'desk.example.com', 'an http:// or https:// address'],
    ['FRONTEND_URL', 'https://desk.example.com/?a=b', 'without credentials, query and fragment'],
    ['PUBLIC_URL', 'ftp://desk.example.com', 'an http:// or https:// address'],
    ['GHL_REDIRECT_PATH', '/callback', 'one of "/ghl/callback", "/crm/callback"'],
    ['GHL_REFRESH_WINDOW', 'soon', 'seconds, or a number with s, m, h or d'],
    ['GHL_REFRESH_WINDOW', '2d', '1m to 1d'],
    ['GHL_TOKEN_REFRESH', 'true', 'one of "on", "off"'],
    ['GHL_WEBHOOK_HMAC', 'no', 'one of "on", "off"'],
    ['GHL_ENCRYPT_REFRESH_TOKEN', 'on', 'one of "true", "false"'],
    ['GHL_EXTRA_SCOPES', 'a;b', 'scope names'],
    ['GHL_FRAME_ANCESTORS', 'http://crm.example.com', 'origins such as https://crm.example.com'],
    ['GHL_FRAME_ANCESTORS', 'https://crm.example.com/path', 'origins such as'],
    ['GHL_FRAME_ANCESTORS', 'https://a.example; script-src *', 'origins such as'],
    ['GHL_FRAME_ANCESTORS', 'https://*', 'origins such as'],
    ['SIGN_IN_FAILURES_PER_IP', '0', 'a whole number from 1'],
    ['DEMO_ADMIN_EMAIL', 'admin', 'an e-mail address'],
    ['ACTIVE_RECORD_ENCRYPTION_DIGEST', 'md5', 'one of "sha1", "sha256"'],
  ])('of %s (%s) is named with what was given and what is expected', (variable, value, expected) => {
    const message = problemsOf({ [variable]: value });
    expect(message).toContain(`${variable}: expected`);
    expect(message).toContain(expected);
    expect(message).toContain(`given: ${JSON.stringify(value)}`);
  });

  it.each([
    ['DATABASE_URL', 'mysql://u:hunter2-secret@db/desk'],
    ['REDIS_URL', 'http://:hunter2-secret@redis'],
    ['SESSION_SECRET', 'hunter2-secret'],
    ['GHL_SHARED_SECRET', 'hunter2-secret and another'],
    ['DEMO_ADMIN_PASSWORD', 'hun'],
  ])('of the secret %s is never shown', (variable, value) => {
    const message = problemsOf({ [variable]: value });
    expect(message).toContain(`${variable}: expected`);
    expect(message).toContain('given: a value that is not shown here');
    expect(message).not.toContain(value);
    expect(message).not.toContain('hunter2');
  });

  it('does not hide the others: all are listed in one error', () => {
    const message = problemsOf({ PORT: 'x', LOG_LEVEL: 'y', GHL_WEBHOOK_HMAC: 'z', NODE_ENV: 'production' });
    for (const variable of ['PORT', 'LOG_LEVEL', 'GHL_WEBHOOK_HMAC', 'FRONTEND_URL']) {
      expect(message).toContain(`\n  ${variable}: expected`);
    }
  });

  it('is also an address that is missing in production', () => {
    expect(problemsOf({ NODE_ENV: 'production' })).toContain(
      'FRONTEND_URL: expected in production the address',
    );
  });
});

describe('the encryption keys', () => {
  it('are all or none', () => {
    expect(loadConfig({}).encryption).toBeUndefined();
    expect(loadConfig(KEYS).encryption).toEqual({
      primaryKey: 'primary',
      deterministicKey: 'deterministic',
      keyDerivationSalt: 'salt',
      digest: 'sha1',
    });
    expect(loadConfig({ ...KEYS, ACTIVE_RECORD_ENCRYPTION_DIGEST: 'sha256' }).encryption?.digest).toBe(
      'sha256',
    );
    const message = problemsOf({ ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'only-one' });
    expect(message).toContain('ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: expected a value');
    expect(message).toContain('ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: expected a value');
    expect(message).not.toContain('only-one');
  });
});

describe('the secret of sessions', () => {
  it('is the one that was given', () => {
    const secret = 's'.repeat(32);
    expect(loadConfig({ ...KEYS, SESSION_SECRET: secret })).toMatchObject({
      session: { secret },
      warnings: [],
    });
  });

  it('is otherwise derived from the encryption key, the same in every process and not the key', () => {
    const [first, second] = [loadConfig(KEYS), loadConfig(KEYS)];
    expect(first.session.secret).toBe(second.session.secret);
    expect(first.session.secret).toHaveLength(43);
    expect(first.session.secret).not.toContain('primary');
    expect(loadConfig({ ...KEYS, ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'other' }).session.secret).not.toBe(
      first.session.secret,
    );
    expect(first.warnings).toEqual([]);
  });

  it('is otherwise random, with a warning', () => {
    const [first, second] = [loadConfig({}), loadConfig({})];
    expect(first.session.secret).not.toBe(second.session.secret);
    expect(first.warnings).toEqual([expect.stringContaining('SESSION_SECRET')]);
  });
});

describe('how long webhooks are kept', () => {
  it('is what the environment says', () => {
    expect(
      loadConfig({
        WEBHOOK_RETENTION: '10d',
        WEBHOOK_PAYLOAD_RETENTION: '36h',
        WEBHOOK_REPLAY_WINDOW: '2h',
      }).webhooks,
    ).toEqual({
      retentionMs: 10 * 86_400_000,
      payloadRetentionMs: 36 * 3_600_000,
      replayWindowMs: 2 * 3_600_000,
    });
  });

  it.each([
    {},
    { WEBHOOK_RETENTION: '5d' },
    { WEBHOOK_RETENTION: '3650d' },
    { WEBHOOK_PAYLOAD_RETENTION: 'off' },
    { WEBHOOK_PAYLOAD_RETENTION: '1h' },
    { WEBHOOK_RETENTION: '10d', WEBHOOK_PAYLOAD_RETENTION: '239h' },
    { WEBHOOK_RETENTION: '4d', WEBHOOK_PAYLOAD_RETENTION: 'off', WEBHOOK_REPLAY_WINDOW: '3d' },
  ])('always keeps the memory of a delivery longer than its payload: %j', (env) => {
    const { retentionMs, payloadRetentionMs } = loadConfig(env).webhooks;
    expect(payloadRetentionMs).toBeGreaterThan(0);
    expect(retentionMs).toBeGreaterThan(payloadRetentionMs);
  });

  it.each([
    [{ WEBHOOK_RETENTION: '3d' }, 'WEBHOOK_RETENTION: expected seconds'],
    [{ WEBHOOK_RETENTION: 'off' }, 'WEBHOOK_RETENTION: expected seconds'],
    [{ WEBHOOK_PAYLOAD_RETENTION: '10m' }, 'WEBHOOK_PAYLOAD_RETENTION: expected "off", seconds'],
    [{ WEBHOOK_PAYLOAD_RETENTION: '30d' }, 'WEBHOOK_PAYLOAD_RETENTION: expected "off" or less than'],
    [
      { WEBHOOK_RETENTION: '7d', WEBHOOK_PAYLOAD_RETENTION: '8d' },
      'WEBHOOK_PAYLOAD_RETENTION: expected "off" or less than',
    ],
    [{ WEBHOOK_REPLAY_WINDOW: '5m' }, 'WEBHOOK_REPLAY_WINDOW: expected seconds'],
    [{ WEBHOOK_REPLAY_WINDOW: '30d' }, 'WEBHOOK_REPLAY_WINDOW: expected at least an hour less'],
    [{ WEBHOOK_RETENTION: '4d' }, 'WEBHOOK_REPLAY_WINDOW: expected at least an hour less'],
  ])('is refused as %j', (env, problem) => {
    expect(problemsOf(env as Record<string, string>)).toContain(problem);
  });
});
