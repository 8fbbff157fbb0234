import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { ApiFixture, FRONTEND_URL, OTHER_ACCOUNT, People } from '../integrations/api-fixture.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';
import { useDatabase } from '../harness/database.js';
import { Browser, type Landing } from './browser.js';

const SETTINGS_PAGE = `${FRONTEND_URL}/app/accounts/1/settings/integrations/gohighlevel`;
const PAGE_WITHOUT_ACCOUNT = `${FRONTEND_URL}/app/settings/integrations/gohighlevel`;

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;
let admin: Browser;
let stranger: Browser;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
  admin = new Browser(api);
  stranger = new Browser(api, 'stranger', OTHER_ACCOUNT);
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

type Claims = Record<string, unknown>;

const location = (): { location: string } => ({ location: fixture.locationId() });
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const hs256 = (input: string, secret: string): string =>
  createHmac('sha256', secret).update(input).digest('base64url');

/** A JWT signed by `sign`, which gets the signing input. */
function jwt(header: Claims, claims: Claims, signature: (input: string) => string): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${signature(input)}`;
}

/** The claims of the callback's state, changed and signed as this service signs. */
function resigned(callback: URL, changes: Claims): string {
  const [, payload = ''] = (callback.searchParams.get('state') ?? '').split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  return jwt({ alg: 'HS256', typ: 'JWT' }, { ...claims, ...changes }, (input) =>
    hs256(input, fixture.simulator.clientSecret),
  );
}

async function followWith(callback: URL, state: string): Promise<Landing> {
  const changed = new URL(callback);
  changed.searchParams.set('state', state);
  return admin.follow(changed);
}

async function nothingHappened(): Promise<void> {
  expect(fixture.tokenRequests()).toBe(0);
  expect(await database.query('select from integrations_hooks')).toEqual([]);
}

describe('a state', () => {
  it('works once: the second callback with it is refused before the code is sent anywhere', async () => {
    const callback = await admin.approve(location());
    expect((await admin.follow(callback)).target.href).toBe(SETTINGS_PAGE);
    fixture.simulator.requests.clear();
    expect((await admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=invalid_state`);
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('works for one of two callbacks that come at once', async () => {
    const callback = await admin.approve(location());
    const landings = await Promise.all([admin.follow(callback), admin.follow(callback)]);
    expect(landings.map(({ target }) => target.href).sort()).toEqual([
      SETTINGS_PAGE,
      `${SETTINGS_PAGE}?error=invalid_state`,
    ]);
    expect(fixture.tokenRequests()).toBe(1);
    expect(await database.query('select from integrations_hooks')).toHaveLength(1);
  });

  it('is used up by a callback without a code', async () => {
    const callback = await admin.approve(location());
    const withoutCode = new URL(callback);
    withoutCode.searchParams.delete('code');
    await admin.follow(withoutCode);
    expect((await admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=invalid_state`);
    await nothingHappened();
  });

  it('stays good for those who own it when somebody tampers with a copy', async () => {
    const callback = await admin.approve(location());
    await followWith(callback, `${callback.searchParams.get('state') ?? ''}x`);
    expect((await admin.follow(callback)).target.href).toBe(SETTINGS_PAGE);
  });

  it('is not used up by a HEAD request, as link scanners send them', async () => {
    const callback = await admin.approve(location());
    await api.call('HEAD', callback.pathname + callback.search);
    await nothingHappened();
    expect((await admin.follow(callback)).target.href).toBe(SETTINGS_PAGE);
  });

  it('ends after 15 minutes, and still leads back to its account', async () => {
    const callback = await admin.approve(location());
    const expired = resigned(callback, { exp: Math.floor(Date.now() / 1000) });
    expect((await followWith(callback, expired)).target.href).toBe(`${SETTINGS_PAGE}?error=expired_state`);
    await nothingHappened();
  });

  it('is refused once the user is no administrator of the account any more', async () => {
    const callback = await admin.approve(location());
    await database.query(`update account_users set role = 0 where account_id = 1 and role = 1`);
    try {
      expect((await admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=invalid_state`);
      await nothingHappened();
    } finally {
      await database.query(
        `update account_users set role = 1 where user_id = (select id from users where email = 'admin@example.com')`,
      );
    }
  });

  it('is refused once the account is suspended', async () => {
    const callback = await admin.approve(location());
    await database.query('update accounts set status = 1 where id = 1');
    try {
      expect((await admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=invalid_state`);
      await nothingHappened();
    } finally {
      await database.query('update accounts set status = 0 where id = 1');
    }
  });

  it("connects the account that started, whoever's browser comes back with it", async () => {
    const callback = await stranger.approve(location());
    expect((await admin.follow(callback)).target.pathname).toBe(
      '/app/accounts/2/settings/integrations/gohighlevel',
    );
    expect(await database.query('select account_id from integrations_hooks')).toEqual([{ account_id: 2 }]);
  });
});

describe('a forged state', () => {
  it.each([
    ['missing', () => ''],
    ['no JWT', () => 'state'],
    ['beyond any sane length', () => 'a.'.repeat(1_500)],
    [
      'unsigned (alg none)',
      (callback: URL) =>
        resigned(callback, {})
          .replace(/^[^.]+/, base64url({ alg: 'none' }))
          .replace(/[^.]+$/, ''),
    ],
    [
      'signed with another secret',
      (callback: URL) => {
        const [header = '', payload = ''] = (callback.searchParams.get('state') ?? '').split('.');
        return `${header}.${payload}.${hs256(`${header}.${payload}`, 'another secret')}`;
      },
    ],
    [
      'for another account under the same signature',
      (callback: URL) => {
        const [header, payload = '', signature] = (callback.searchParams.get('state') ?? '').split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
        return `${header}.${base64url({ ...claims, account: 2 })}.${signature}`;
      },
    ],
    [
      'signed with HS512',
      (callback: URL) => {
        const [, payload = ''] = (callback.searchParams.get('state') ?? '').split('.');
        const input = `${base64url({ alg: 'HS512', typ: 'JWT' })}.${payload}`;
        return `${input}.${createHmac('sha512', fixture.simulator.clientSecret).update(input).digest('base64url')}`;
      },
    ],
    [
      'signed with RS256',
      (callback: URL) => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const [, payload = ''] = (callback.searchParams.get('state') ?? '').split('.');
        const input = `${base64url({ alg: 'RS256', typ: 'JWT' })}.${payload}`;
        return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
      },
    ],
    ['for another audience', (callback: URL) => resigned(callback, { aud: 'deskflow-ghl/session' })],
    ['of another issuer', (callback: URL) => resigned(callback, { iss: 'somebody' })],
    ['without an account', (callback: URL) => resigned(callback, { account: undefined })],
    ['with an account that is no number', (callback: URL) => resigned(callback, { account: '1 or 1=1' })],
    ['without a user', (callback: URL) => resigned(callback, { sub: undefined })],
    ['without a nonce', (callback: URL) => resigned(callback, { jti: undefined })],
    ['without an end', (callback: URL) => resigned(callback, { exp: undefined })],
  ])('%s: invalid_state, on the page without an account', async (_what, forge) => {
    const callback = await admin.approve(location());
    const { status, target } = await followWith(callback, forge(callback));
    expect(status).toBe(302);
    expect(target.href).toBe(`${PAGE_WITHOUT_ACCOUNT}?error=invalid_state`);
    await nothingHappened();
  });

  it.each([
    ['whose nonce was never issued', { jti: 'nonce-of-nobody' }],
    ['for another account of an administrator there', { account: OTHER_ACCOUNT, sub: '3' }],
    ['of a user who is no administrator', { sub: '2' }],
  ])('%s, with a signature that holds: invalid_state', async (_what, changes) => {
    const callback = await admin.approve(location());
    const { target } = await followWith(callback, resigned(callback, changes));
    expect(target.href).toMatch(
      /\/accounts\/[12]\/settings\/integrations\/gohighlevel\?error=invalid_state$/,
    );
    await nothingHappened();
  });

  it('given twice is no state', async () => {
    const callback = await admin.approve(location());
    callback.searchParams.append('state', callback.searchParams.get('state') ?? '');
    expect((await admin.follow(callback)).target.href).toBe(`${PAGE_WITHOUT_ACCOUNT}?error=invalid_state`);
    await nothingHappened();
  });

  it('does not hide that access was denied', async () => {
    const { target } = await admin.follow(new URL(`${api.url}/ghl/callback?error=access_denied&state=x`));
    expect(target.href).toBe(`${PAGE_WITHOUT_ACCOUNT}?error=access_denied`);
  });
});

describe('an address that somebody made up', () => {
  it.each([
    '/ghl/callback?state=%E0%A4%A&code=x',
    '/ghl/callback?code[]=x&state[a]=y',
    '/ghl/callback?redirect_uri=https://evil.example.test&next=//evil.example.test&error=x',
    '/ghl/callback?__proto__[code]=x',
    '/crm/callback',
  ])('leads to DeskFlow and nowhere else: %s', async (path) => {
    const { status, headers, text } = await api.call('GET', path);
    expect(status).toBe(302);
    expect(headers.get('location')).toMatch(
      /^https:\/\/desk\.example\.test\/app\/settings\/integrations\/(?:gohighlevel|crm)\?error=[a-z_]+$/,
    );
    expect(text).toBe('');
    await nothingHappened();
  });
});
