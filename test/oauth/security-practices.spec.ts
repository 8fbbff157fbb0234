import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { ConfigError, loadConfig } from '#libs/config';
import { useDatabase } from '../harness/database.js';
import { ApiFixture, FRONTEND_URL, People } from '../integrations/api-fixture.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';
import { Browser, type Landing } from './browser.js';

/** Each test is one point of RFC 9700 (OAuth 2.0 security) or RFC 8725 (JSON Web Tokens), by its section. */

const SETTINGS_PAGE = `${FRONTEND_URL}/app/accounts/1/settings/integrations/gohighlevel`;
const PAGE_WITHOUT_ACCOUNT = `${FRONTEND_URL}/app/settings/integrations/gohighlevel`;

type Claims = Record<string, unknown>;

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;
let admin: Browser;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
  admin = new Browser(api);
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

const approve = (): Promise<URL> => admin.approve({ location: fixture.locationId() });
const stateOf = (callback: URL): string => callback.searchParams.get('state') ?? '';
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (state: string): Claims =>
  JSON.parse(Buffer.from(state.split('.')[1] ?? '', 'base64url').toString()) as Claims;
const hmac = (input: string, secret: string, algorithm = 'sha256'): string =>
  createHmac(algorithm, secret).update(input).digest('base64url');

/** The callback with another state in it, and other parameters if any. */
function changed(callback: URL, state: string, more: Record<string, string> = {}): URL {
  const url = new URL(callback);
  for (const [name, value] of Object.entries({ state, ...more })) url.searchParams.set(name, value);
  return url;
}

/** The state's claims under another header, signed as `signature` says. */
function forged(
  callback: URL,
  header: Claims,
  signature: (input: string) => string,
  claims: Claims = {},
): string {
  const input = `${encoded({ typ: 'JWT', ...header })}.${encoded({ ...claimsOf(stateOf(callback)), ...claims })}`;
  return `${input}.${signature(input)}`;
}

/** The code went nowhere and nothing was stored. */
async function isRefused(landing: Landing, page: string, reason: string): Promise<void> {
  expect(landing.status).toBe(302);
  expect(landing.target.href).toBe(`${page}?error=${reason}`);
  expect(fixture.tokenRequests()).toBe(0);
  expect(await database.query('select from integrations_hooks')).toEqual([]);
}

describe('RFC 9700', () => {
  it('2.1, 4.1 the redirect URI is the registered one, whatever host the request names', async () => {
    const headers = {
      host: 'evil.example.test',
      'x-forwarded-host': 'evil.example.test',
      forwarded: 'host=evil.example.test',
      origin: 'https://evil.example.test',
    };
    const { body } = await api.call('POST', '/api/v1/accounts/1/ghl/authorization', { as: 'admin', headers });
    const { searchParams, origin } = new URL(String(body['url']));
    expect(searchParams.get('redirect_uri')).toBe(`${api.url}/ghl/callback`);
    expect(searchParams.get('response_type')).toBe('code');
    expect(origin).toBe(fixture.simulator.url);
    expect(String(body['url'])).not.toContain('evil');
  });

  it.each(['/ghl/callback', '/crm/callback'])(
    '4.2 no referrer and 4.3 no cache: what %s answers gives code and state to nobody',
    async (path) => {
      const callback = await approve();
      callback.pathname = path;
      const { headers, text, target } = await admin.follow(callback);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(text).toBe('');
      for (const name of ['code', 'state'])
        expect(target.href).not.toContain(callback.searchParams.get(name) ?? 'missing');
    },
  );

  it('4.3 the address of an authorization, whose state is worth something, is not cached', async () => {
    const { headers } = await api.call('POST', '/api/v1/accounts/1/ghl/authorization', { as: 'admin' });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each(['https://other.example.test', 'not a url', ''])(
    '4.4 mix-up: an answer of another authorization server is refused, its code is sent nowhere (iss=%s)',
    async (iss) => {
      const callback = await approve();
      await isRefused(
        await admin.follow(changed(callback, stateOf(callback), { iss })),
        SETTINGS_PAGE,
        'invalid_state',
      );
      // The state is used up: a second try with the same code is refused, too.
      await isRefused(await admin.follow(callback), SETTINGS_PAGE, 'invalid_state');
    },
  );

  it('4.4 mix-up: no iss, as HighLevel answers, or its own, is accepted', async () => {
    expect((await admin.follow(await approve())).target.href).toBe(SETTINGS_PAGE);
    const callback = await approve();
    const named = changed(callback, stateOf(callback), { iss: fixture.simulator.url });
    expect((await admin.follow(named)).target.href).toBe(SETTINGS_PAGE);
  });

  it('4.4 mix-up: no parameter decides where the code is sent', async () => {
    const callback = await approve();
    const named = changed(callback, stateOf(callback), {
      token_endpoint: 'https://evil.example.test/token',
      client_id: 'another-client',
      redirect_uri: 'https://evil.example.test/callback',
    });
    expect((await admin.follow(named)).target.href).toBe(SETTINGS_PAGE);
    expect(fixture.tokenRequests(200)).toBe(1);
  });

  it('4.5 a code that was used is not accepted again, with a new state either', async () => {
    const first = await approve();
    await admin.follow(first);
    const before = await database.query('select access_token from integrations_hooks');
    const second = await approve();
    second.searchParams.set('code', first.searchParams.get('code') ?? '');
    expect((await admin.follow(second)).target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
    expect(await database.query('select access_token from integrations_hooks')).toEqual(before);
  });

  it('4.7 forgery: a callback without a state that was given out here does nothing', async () => {
    const callback = await approve();
    callback.searchParams.delete('state');
    await isRefused(await admin.follow(callback), PAGE_WITHOUT_ACCOUNT, 'invalid_state');
    await isRefused(await admin.follow(changed(callback, 'guessed')), PAGE_WITHOUT_ACCOUNT, 'invalid_state');
  });

  it('4.7 replay: a state works once', async () => {
    const callback = await approve();
    await admin.follow(callback);
    fixture.simulator.requests.clear();
    const { target } = await admin.follow(callback);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=invalid_state`);
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('4.7 expiry: a state works for 15 minutes, by its own account and by ours', async () => {
    const callback = await approve();
    const { iat, exp } = claimsOf(stateOf(callback)) as { iat: number; exp: number };
    expect(exp - iat).toBe(900);
    const [row] = await database.query<{ seconds: number }>(
      'select extract(epoch from expires_at - created_at)::int as seconds from ghl.oauth_states',
    );
    expect(row!.seconds).toBe(900);
    const expired = forged(
      callback,
      { alg: 'HS256' },
      (input) => hmac(input, fixture.simulator.clientSecret),
      {
        exp: Math.floor(Date.now() / 1000) - 1,
      },
    );
    await isRefused(await admin.follow(changed(callback, expired)), SETTINGS_PAGE, 'expired_state');
  });

  it("4.7 another user's state: a nonce is good for the account and the user it was given to", async () => {
    const mine = await approve();
    const theirs = await new Browser(api, 'stranger', 2).approve({ location: fixture.locationId(1) });
    const { account, sub } = claimsOf(stateOf(theirs));
    const stolen = forged(mine, { alg: 'HS256' }, (input) => hmac(input, fixture.simulator.clientSecret), {
      account,
      sub,
    });
    const page = SETTINGS_PAGE.replace('/1/', '/2/');
    await isRefused(await admin.follow(changed(mine, stolen)), page, 'invalid_state');
  });

  it.each([
    'redirect_uri=https://evil.example.test',
    'next=//evil.example.test&return_to=//evil.example.test',
    'error=x&error_uri=https://evil.example.test',
    'error=https://evil.example.test',
    'state=//evil.example.test&code=https://evil.example.test',
  ])('4.11 no open redirector: %s leads to DeskFlow', async (query) => {
    const { status, headers } = await api.call('GET', `/ghl/callback?${query}`, {
      headers: { host: 'evil.example.test', 'x-forwarded-host': 'evil.example.test' },
    });
    expect(status).toBe(302);
    const target = headers.get('location') ?? '';
    expect(new URL(target).origin).toBe(FRONTEND_URL);
    expect(target).not.toContain('evil');
  });

  it.each([
    'https://desk.example.test@evil.example.test',
    'https://desk.example.test/?next=//evil.example.test',
    'https://desk.example.test/#@evil.example.test',
    'javascript:alert(1)',
    '//evil.example.test',
    'desk.example.test',
  ])('4.11 no open redirector through FRONTEND_URL: %s stops the start', (FRONTEND_URL) => {
    expect(() => loadConfig({ NODE_ENV: 'test', FRONTEND_URL })).toThrow(ConfigError);
  });

  it('4.12 the redirect is a 302, which repeats no request body at the target', async () => {
    for (const url of [await approve(), new URL(`${api.url}/ghl/callback?error=access_denied`)])
      expect((await admin.follow(url)).status).toBe(302);
  });

  it.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "';alert(1)//",
    '%0d%0aset-cookie:a=b',
  ])('error parameters are reflected as a reason of ours, never as they came: %s', async (hostile) => {
    const callback = await approve();
    callback.searchParams.set('error', hostile);
    callback.searchParams.set('error_description', hostile);
    const landing = await admin.follow(callback);
    await isRefused(landing, SETTINGS_PAGE, 'token_exchange_failed');
    expect(landing.headers.get('set-cookie')).toBeNull();
  });
});

describe('RFC 8725', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it.each<[string, (callback: URL) => string]>([
    ['none, without a signature', (callback) => forged(callback, { alg: 'none' }, () => '')],
    ['nOnE, without a signature', (callback) => forged(callback, { alg: 'nOnE' }, () => '')],
    [
      'RS256 by name, and an HMAC with the secret',
      (callback) =>
        forged(callback, { alg: 'RS256' }, (input) => hmac(input, fixture.simulator.clientSecret)),
    ],
    [
      'RS256 with a key of its own',
      (callback) =>
        forged(callback, { alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) }, (input) =>
          sign('sha256', Buffer.from(input), rsa.privateKey).toString('base64url'),
        ),
    ],
    [
      'HS512 with the secret',
      (callback) =>
        forged(callback, { alg: 'HS512' }, (input) => hmac(input, fixture.simulator.clientSecret, 'sha512')),
    ],
    [
      'HS256 with an empty secret',
      (callback) => forged(callback, { alg: 'HS256' }, (input) => hmac(input, '')),
    ],
    ['HS256 by name, and no signature', (callback) => forged(callback, { alg: 'HS256' }, () => '')],
  ])('3.1, 3.2 the algorithm is HS256 and nothing else: %s', async (_what, forge) => {
    const callback = await approve();
    const landing = await admin.follow(changed(callback, forge(callback)));
    await isRefused(landing, PAGE_WITHOUT_ACCOUNT, 'invalid_state');
  });

  it('3.3 a changed claim breaks the signature', async () => {
    const callback = await approve();
    const [header, , signature] = stateOf(callback).split('.');
    const tampered = `${header}.${encoded({ ...claimsOf(stateOf(callback)), account: 2 })}.${signature}`;
    await isRefused(await admin.follow(changed(callback, tampered)), PAGE_WITHOUT_ACCOUNT, 'invalid_state');
  });

  it.each([
    ['3.8 the issuer', { iss: 'somebody-else' }],
    ['3.9 the audience', { aud: 'deskflow-ghl/session' }],
  ])('%s is checked', async (_what, claims) => {
    const callback = await approve();
    const state = forged(
      callback,
      { alg: 'HS256' },
      (input) => hmac(input, fixture.simulator.clientSecret),
      claims,
    );
    await isRefused(await admin.follow(changed(callback, state)), PAGE_WITHOUT_ACCOUNT, 'invalid_state');
  });

  it('3.10 a key that the token brings or names is not used', async () => {
    const callback = await approve();
    const secret = 'chosen-by-the-attacker-00000000000';
    const jwk = { kty: 'oct', k: Buffer.from(secret).toString('base64url') };
    const headers = [{ jwk }, { kid: '../../dev/null' }, { jku: 'https://evil.example.test/keys' }];
    for (const header of headers) {
      const state = forged(callback, { alg: 'HS256', ...header }, (input) => hmac(input, secret));
      await isRefused(await admin.follow(changed(callback, state)), PAGE_WITHOUT_ACCOUNT, 'invalid_state');
    }
  });

  it('3.12 a token of another kind is no state, and a state is no other token', async () => {
    const { body } = await api.call('POST', '/auth/sign_in', {
      body: { email: 'admin@example.com', password: 'Password1!' },
    });
    const { session_token: session } = body['data'] as { session_token: string };
    expect(session).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const { target } = await admin.follow(changed(await approve(), session));
    expect(target.href).toBe(`${PAGE_WITHOUT_ACCOUNT}?error=invalid_state`);
    const state = stateOf(await approve());
    const path = '/api/v1/accounts/1/integrations/ghl/status';
    const asBearer = await api.call('GET', path, { headers: { authorization: `Bearer ${state}` } });
    expect(asBearer.status).toBe(401);
  });
});
