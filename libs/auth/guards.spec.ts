import { createHmac } from 'node:crypto';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { JwtService } from '@nestjs/jwt';
import { type AppConfig, loadConfig } from '#libs/config';
import { useDatabase } from '../../test/harness/database.js';
import { deviseEntry, People, type Person, startApp } from './auth.fixture.js';
import { Sessions } from './index.js';

const SECRET = 'a-secret-of-the-spec-that-is-long-enough';
const database = useDatabase();

let app: NestFastifyApplication;
let config: AppConfig;
let people: People;
let acme: number;
let other: number;
let suspended: number;
let admin: Person;
let agent: Person;
let root: Person;

beforeAll(async () => {
  config = loadConfig({ SESSION_SECRET: SECRET });
  people = new People(database.source);
  app = await startApp(config, database.source);
  [acme, other, suspended] = [
    await people.account('Acme'),
    await people.account('Other'),
    await people.account('Gone', 1),
  ];
  admin = await people.person({ name: 'Ada' });
  agent = await people.person({ name: 'Bob' });
  root = await people.person({ name: 'Root', type: 'SuperAdmin' });
  await people.join(acme, admin.id, 1);
  await people.join(acme, agent.id, 0);
  await people.join(suspended, admin.id, 1);
});

afterAll(() => app.close());

type Headers = Record<string, string>;

async function get(
  url: string,
  headers: Headers = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await app.inject({ method: url.endsWith('/admins') ? 'POST' : 'GET', url, headers });
  return { status: answer.statusCode, body: answer.json() };
}

const UNAUTHENTICATED = {
  status: 401,
  body: {
    error: 'You need to sign in or sign up before continuing.',
    errors: ['You need to sign in or sign up before continuing.'],
    code: 'unauthenticated',
  },
};
const INVALID_TOKEN = { status: 401, body: { error: 'Invalid Access Token', code: 'invalid_access_token' } };
const BOT = {
  status: 401,
  body: { error: 'Access to this endpoint is not authorized for bots', code: 'bot_not_authorized' },
};
const NOT_FOUND = { status: 404, body: { error: 'Resource could not be found', code: 'not_found' } };
const SUSPENDED = { status: 401, body: { error: 'Account is suspended', code: 'account_suspended' } };
const NOT_A_MEMBER = {
  status: 401,
  body: { error: 'You are not authorized to access this account', code: 'not_a_member' },
};
const NOT_AUTHORIZED = {
  status: 401,
  body: { error: 'You are not authorized to do this action', code: 'not_authorized' },
};

describe('a personal token', () => {
  it.each(['api_access_token', 'api-access-token'])(
    'in the header %s identifies its user',
    async (header) => {
      const { status, body } = await get('/me', { [header]: admin.token });
      expect([status, body]).toEqual([
        200,
        { id: admin.id, name: 'Ada', email: admin.email, isSuperAdmin: false },
      ]);
    },
  );

  it('also works as a Bearer token', async () => {
    expect(await get('/me', { authorization: `Bearer ${admin.token}` })).toMatchObject({
      status: 200,
      body: { id: admin.id },
    });
    expect(await get('/me', { authorization: 'Bearer unknown' })).toEqual(INVALID_TOKEN);
  });

  it.each(['unknown', 'x'.repeat(300), "' or '1'='1"])('that is unknown (%s) is refused', async (token) => {
    expect(await get('/me', { api_access_token: token })).toEqual(INVALID_TOKEN);
  });

  it('decides alone: a good session beside a bad token does not help', async () => {
    const { token } = await app.get(Sessions).issue(admin.id);
    expect(await get('/me', { api_access_token: 'unknown', authorization: `Bearer ${token}` })).toEqual(
      INVALID_TOKEN,
    );
  });

  it('that is blank is none', async () => {
    const { token } = await app.get(Sessions).issue(admin.id);
    expect((await get('/me', { api_access_token: ' ', authorization: `Bearer ${token}` })).status).toBe(200);
    expect(await get('/me', { api_access_token: '' })).toEqual(UNAUTHENTICATED);
  });

  it.each(['AgentBot', 'PlatformApp'])('of a %s may call nothing', async (ownerType) => {
    // The id is a user's on purpose: the type decides whose token it is.
    expect(await get('/me', { api_access_token: await people.token(ownerType, admin.id) })).toEqual(BOT);
  });

  it('of a user who is gone is refused', async () => {
    expect(await get('/me', { api_access_token: await people.token('User', 999_999) })).toEqual(
      INVALID_TOKEN,
    );
  });
});

describe('a dashboard sign-in', () => {
  const headers = (token: string, client = 'client-1'): Headers => ({
    'access-token': token,
    client,
    uid: admin.email,
  });
  const base64 = (fields: object): Headers => ({
    authorization: `Bearer ${Buffer.from(JSON.stringify(fields)).toString('base64')}`,
  });

  beforeAll(async () => {
    await people.deviseTokens(admin.id, {
      'client-1': {
        ...(await deviseEntry('current')),
        previous_token: (await deviseEntry('previous')).token,
      },
      default: await deviseEntry('nameless'),
      expired: await deviseEntry('old', -1),
      odd: { token: 5, expiry: '9999999999' },
      broken: { token: 'no bcrypt hash', expiry: 9_999_999_999 },
    });
  });

  it.each(['current', 'previous'])('is accepted with its %s token, again and again', async (token) => {
    for (let call = 0; call < 3; call += 1) {
      expect(await get('/me', headers(token))).toMatchObject({ status: 200, body: { id: admin.id } });
    }
  });

  it('is accepted without a client name where the sign-in had none', async () => {
    expect((await get('/me', { 'access-token': 'nameless', uid: admin.email })).status).toBe(200);
  });

  it('is accepted as base64 in one Bearer header', async () => {
    expect(
      (await get('/me', base64({ ...headers('current'), 'token-type': 'Bearer', expiry: '1' }))).status,
    ).toBe(200);
    expect((await get('/me', base64({ 'access-token': 'nameless', uid: admin.email }))).status).toBe(200);
  });

  it('is accepted from tokens stored as a plain object', async () => {
    await people.deviseTokens(agent.id, { c: await deviseEntry('plain') }, 'plain');
    expect((await get('/me', { 'access-token': 'plain', client: 'c', uid: agent.email })).body).toMatchObject(
      { id: agent.id },
    );
  });

  it.each<[string, () => Headers]>([
    ['a wrong token', () => headers('wrong')],
    ['a token of another client', () => headers('nameless', 'client-1')],
    ['an unknown client', () => headers('current', 'client-2')],
    ['a client named like a property of every object', () => headers('current', 'constructor')],
    ['an expired token', () => headers('old', 'expired')],
    ['an entry that is none', () => headers('5', 'odd')],
    ['a hash that is none', () => headers('x', 'broken')],
    ['an unknown uid', () => ({ ...headers('current'), uid: 'nobody@example.com' })],
    ['a uid with NUL', () => base64({ 'access-token': 'current', client: 'client-1', uid: 'a\0b' })],
    ['somebody else’s uid', () => ({ ...headers('current'), uid: agent.email })],
    ['a token longer than bcrypt reads', () => headers('c'.repeat(73))],
    ['no token', () => ({ client: 'client-1', uid: admin.email })],
    ['base64 of other fields', () => base64({ uid: admin.email })],
    ['base64 of fields that are no texts', () => base64({ 'access-token': 1, client: 2, uid: 3 })],
    [
      'base64 of half an object',
      () => ({ authorization: `Bearer ${Buffer.from('{"uid":').toString('base64')}` }),
    ],
  ])('is refused with %s', async (_, given) => {
    const { status, body } = await get('/me', given());
    expect(status).toBe(401);
    expect(['unauthenticated', 'invalid_access_token']).toContain(body['code']);
  });

  it('ends at once when DeskFlow signs the client out, although its token was just accepted', async () => {
    const person = await people.person({ name: 'Eve' });
    await people.deviseTokens(person.id, { c: await deviseEntry('t') });
    const given = { 'access-token': 't', client: 'c', uid: person.email };
    expect((await get('/me', given)).status).toBe(200);
    await people.deviseTokens(person.id, {});
    expect(await get('/me', given)).toEqual(UNAUTHENTICATED);
  });
});

describe('a session token', () => {
  const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
  const claims = { sub: '1', iss: 'deskflow-ghl', aud: 'deskflow-ghl/api', pwd: 'x' };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (header: object, payload: object, secret = SECRET): string => {
    const signed = `${part(header)}.${part(payload)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };

  it('identifies its user for twelve hours', async () => {
    const session = await app.get(Sessions).issue(admin.id);
    expect(session.expiresInSeconds).toBe(43_200);
    expect(await get('/me', bearer(session.token))).toMatchObject({ status: 200, body: { id: admin.id } });
    const { exp, iat } = new JwtService().decode<{ exp: number; iat: number }>(session.token);
    expect(exp - iat).toBe(43_200);
  });

  it('cannot be issued to nobody', async () => {
    await expect(app.get(Sessions).issue(999_999)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('ends with the password', async () => {
    const person = await people.person({ name: 'Pia' });
    const { token } = await app.get(Sessions).issue(person.id);
    expect((await get('/me', bearer(token))).status).toBe(200);
    await database.source.query(`update users set encrypted_password = 'changed' where id = $1`, [person.id]);
    expect(await get('/me', bearer(token))).toEqual(UNAUTHENTICATED);
  });

  it('of the documentation opens nothing else', async () => {
    const { token } = await app.get(Sessions).issue(admin.id, 'docs');
    expect(await get('/me', bearer(token))).toEqual(UNAUTHENTICATED);
  });

  it('is refused when it has expired', async () => {
    const { token } = await app.get(Sessions).issue(admin.id);
    const payload = new JwtService().decode<Record<string, unknown>>(token);
    expect((await get('/me', bearer(sign({ alg: 'HS256' }, payload)))).status).toBe(200);
    expect(await get('/me', bearer(sign({ alg: 'HS256' }, { ...payload, exp: 1 })))).toEqual(UNAUTHENTICATED);
  });

  it.each<[string, string]>([
    ['without algorithm', `${part({ alg: 'none' })}.${part(claims)}.`],
    ['without algorithm, dressed up', `${part({ alg: 'none' })}.${part(claims)}.x`],
    ['of another algorithm', sign({ alg: 'HS512' }, claims)],
    ['of another secret', sign({ alg: 'HS256' }, claims, 'x'.repeat(32))],
    ['of another issuer', sign({ alg: 'HS256' }, { ...claims, iss: 'somebody' })],
    ['for another audience', sign({ alg: 'HS256' }, { ...claims, aud: 'somebody' })],
    ['without password mark', sign({ alg: 'HS256' }, { ...claims, pwd: undefined })],
    ['for a user that is no number', sign({ alg: 'HS256' }, { ...claims, sub: '1; drop table users' })],
    ['for a user no column holds', sign({ alg: 'HS256' }, { ...claims, sub: '99999999999999999999' })],
    ['that is no JSON', 'aaaa.bbbb.cccc'],
  ])('is refused %s', async (_, token) => {
    expect((await get('/me', bearer(token))).status).toBe(401);
  });
});

describe('no credential', () => {
  it.each<[string, Headers]>([
    ['at all', {}],
    ['in a Basic header', { authorization: 'Basic YTpi' }],
    ['in an empty Bearer header', { authorization: 'Bearer ' }],
    ['in a Bearer header of 5 KB', { authorization: `Bearer ${'x'.repeat(5_000)}` }],
    ['in a cookie', { cookie: 'api_access_token=x' }],
  ])('%s is refused as devise_token_auth does', async (_, headers) => {
    expect(await get('/me', headers)).toEqual(UNAUTHENTICATED);
  });

  it('in the query counts: secrets do not travel in addresses', async () => {
    expect(await get(`/me?api_access_token=${admin.token}`)).toEqual(UNAUTHENTICATED);
  });
});

describe('an account', () => {
  const as = (person: Person): Headers => ({ api_access_token: person.token });

  it('opens to its members, with their role', async () => {
    expect((await get(`/accounts/${acme}/members`, as(agent))).body).toEqual({
      user: { id: agent.id, name: 'Bob', email: agent.email, isSuperAdmin: false },
      account: { id: acme, name: 'Acme', role: 'agent' },
    });
    expect((await get(`/accounts/${acme}/admins`, as(admin))).body).toMatchObject({
      account: { id: acme, role: 'administrator' },
    });
  });

  it.each(['0', '-1', 'acme', '1e0', '2147483648', '99999999999999999999', '%00'])(
    'named %s does not exist',
    async (id) => {
      expect(await get(`/accounts/${id}/members`, as(admin))).toEqual(NOT_FOUND);
    },
  );

  it('that is suspended is closed, whoever asks', async () => {
    expect(await get(`/accounts/${suspended}/members`, as(admin))).toEqual(SUSPENDED);
    expect(await get(`/accounts/${suspended}/admins`, as(agent))).toEqual(SUSPENDED);
  });

  it('is closed to who does not belong to it, super admins among them', async () => {
    for (const person of [admin, root]) {
      expect(await get(`/accounts/${other}/members`, as(person))).toEqual(NOT_A_MEMBER);
      expect(await get(`/accounts/${other}/admins`, as(person))).toEqual(NOT_A_MEMBER);
    }
  });

  it('is administered by administrators: neither agents nor custom roles', async () => {
    expect(await get(`/accounts/${acme}/admins`, as(agent))).toEqual(NOT_AUTHORIZED);
  });

  it('refuses in this order: credential, account, suspension, membership, role', async () => {
    expect(await get('/accounts/999999/admins')).toEqual(UNAUTHENTICATED);
    expect(await get('/accounts/999999/admins', { api_access_token: 'x' })).toEqual(INVALID_TOKEN);
    expect(await get('/accounts/999999/admins', as(agent))).toEqual(NOT_FOUND);
    expect(await get(`/accounts/${suspended}/admins`, as(root))).toEqual(SUSPENDED);
    expect(await get(`/accounts/${other}/admins`, as(agent))).toEqual(NOT_A_MEMBER);
  });
});

describe('the whole installation', () => {
  it('is for super admins', async () => {
    expect(await get('/supers', { api_access_token: root.token })).toMatchObject({
      status: 200,
      body: { isSuperAdmin: true },
    });
    expect(await get('/supers', { api_access_token: admin.token })).toEqual(NOT_AUTHORIZED);
    expect(await get('/supers')).toEqual(UNAUTHENTICATED);
  });
});

describe('a route that asks who is calling without a guard', () => {
  it.each(['/unguarded/user', '/unguarded/account'])('%s is a fault, not a way in', async (url) => {
    expect((await get(url, { api_access_token: admin.token })).status).toBe(500);
  });
});
