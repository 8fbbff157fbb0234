import { SCOPES } from '#libs/highlevel';
import { ApiFixture, People } from '../integrations/api-fixture.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const PATH = '/api/v1/accounts/1/ghl/authorization';
const STATE_LIFETIME_SECONDS = 15 * 60;

const database = useDatabase();
let fixture: ConnectionFixture;
let people: People;
let api: ApiFixture;

beforeAll(async () => {
  people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

async function start(): Promise<{ url: URL; state: Record<string, unknown> }> {
  const { body } = await api.call('POST', PATH, { as: 'admin' });
  const url = new URL(String(body['url']));
  return { url, state: claimsOf(url.searchParams.get('state')) };
}

function claimsOf(jwt: string | null): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('POST …/ghl/authorization', () => {
  it("answers the address of HighLevel's consent page, with everything it asks for and nothing else", async () => {
    const { status, body, headers } = await api.call('POST', PATH, { as: 'admin' });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['success', 'url']);
    expect(body['success']).toBe(true);
    expect(headers.get('cache-control')).toBe('no-store');
    const url = new URL(String(body['url']));
    expect(url.origin + url.pathname).toBe(`${fixture.simulator.url}/v2/oauth/chooselocation`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: fixture.simulator.clientId,
      redirect_uri: `${api.url}/ghl/callback`,
      scope: SCOPES.join(' '),
      state: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    expect(url.href).not.toContain(fixture.simulator.clientSecret);
  });

  it('signs a state for 15 minutes, bound to account, user and a nonce that is stored', async () => {
    const { state } = await start();
    const [user] = await database.query<{ id: number }>(
      `select id from users where email = 'admin@example.com'`,
    );
    expect(state).toMatchObject({ account: 1, sub: String(user!.id), aud: 'deskflow-ghl/oauth-state' });
    expect(Number(state['exp']) - Number(state['iat'])).toBe(STATE_LIFETIME_SECONDS);
    expect(
      await database.query('select nonce, account_id, user_id, consumed_at from ghl.oauth_states'),
    ).toEqual([{ nonce: state['jti'], account_id: 1, user_id: user!.id, consumed_at: null }]);
  });

  it('gives every start a state of its own', async () => {
    const [first, second] = [await start(), await start()];
    expect(first.state['jti']).not.toBe(second.state['jti']);
    expect(String(first.state['jti']).length).toBeGreaterThanOrEqual(43); // 256 bits
  });

  it('forgets states that ended long ago', async () => {
    await database.query(
      `insert into ghl.oauth_states (nonce, account_id, user_id, expires_at)
       values ('old', 1, 1, now() - interval '2 hours'), ('recent', 1, 1, now() - interval '1 minute')`,
    );
    const { state } = await start();
    const kept = await database.query<{ nonce: string }>('select nonce from ghl.oauth_states');
    expect(kept.map(({ nonce }) => nonce).sort()).toEqual(['recent', state['jti']].sort());
  });

  it.each([
    ['nobody', {}, 'You need to sign in or sign up before continuing.', 'unauthenticated'],
    [
      'an unknown token',
      { headers: { api_access_token: 'unknown' } },
      'Invalid Access Token',
      'invalid_access_token',
    ],
    ['an agent', { as: 'agent' }, 'You are not authorized to do this action', 'not_authorized'],
    [
      "another account's administrator",
      { as: 'stranger' },
      'You are not authorized to access this account',
      'not_a_member',
    ],
  ] as const)('refuses %s with 401 and issues no state', async (_who, call, error, code) => {
    const { status, body } = await api.call('POST', PATH, call);
    expect(status).toBe(401);
    expect(body).toMatchObject({ error, code });
    expect(await database.query('select from ghl.oauth_states')).toEqual([]);
  });

  it('knows no account that does not exist', async () => {
    const { status, body } = await api.call('POST', '/api/v1/accounts/999/ghl/authorization', {
      as: 'admin',
    });
    expect(status).toBe(404);
    expect(body).toMatchObject({ error: 'Resource could not be found' });
  });
});

describe('configuration', () => {
  async function withApi(
    env: Record<string, string>,
    test: (api: ApiFixture) => Promise<void>,
  ): Promise<void> {
    const other = await ApiFixture.start(fixture, people, env);
    try {
      await test(other);
    } finally {
      await other.stop();
    }
  }

  it.each([
    ['the client id', { GHL_CLIENT_ID: '' }],
    ['the client secret', { GHL_CLIENT_SECRET: ' ' }],
  ])('says that %s is missing', async (_what, env) => {
    await withApi(env, async (other) => {
      const { status, body } = await other.call('POST', PATH, { as: 'admin' });
      expect(status).toBe(422);
      expect(body).toEqual({
        success: false,
        error: 'GHL OAuth credentials not configured',
        code: 'not_configured',
      });
      expect((await other.call('POST', PATH, { as: 'agent' })).status).toBe(401);
    });
  });

  it('asks for more scopes and sends the neutral redirect address where that is configured', async () => {
    const env = {
      GHL_EXTRA_SCOPES: 'locations/tags.readonly contacts.readonly',
      GHL_REDIRECT_PATH: '/crm/callback',
    };
    await withApi(env, async (other) => {
      const { body } = await other.call('POST', PATH, { as: 'admin' });
      const { searchParams } = new URL(String(body['url']));
      expect(searchParams.get('scope')).toBe([...SCOPES, 'locations/tags.readonly'].join(' '));
      expect(searchParams.get('redirect_uri')).toBe(`${other.url}/crm/callback`);
      expect(String(body['url'])).toContain('scope=contacts.readonly%20contacts.write');
    });
  });

  it('takes credentials that a super administrator stored before those of the environment', async () => {
    const path = '/super_admin/installation_configs/GHL_CLIENT_ID';
    const stored = await api.call('PUT', path, { as: 'admin', body: { value: 'stored-client' } });
    expect(stored.status).toBe(200);
    expect((await start()).url.searchParams.get('client_id')).toBe('stored-client');
    await api.call('PUT', path, { as: 'admin', body: { value: '' } });
    expect((await start()).url.searchParams.get('client_id')).toBe(fixture.simulator.clientId);
  });
});
