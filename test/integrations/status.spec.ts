import { SCOPES } from '#libs/highlevel';
import { type Answer, ApiFixture, OTHER_ACCOUNT, People } from './api-fixture.js';
import { ConnectionFixture } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/status';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

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

const status = (): Promise<Answer> => api.call('GET', PATH, { as: 'admin' });

describe('GET …/integrations/ghl/status', () => {
  it('says that nothing is connected, and whether anything could be', async () => {
    const answer = await status();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ connected: false, configured: true, connections: [] });

    const unconfigured = await ApiFixture.start(fixture, people, { GHL_CLIENT_ID: '' });
    try {
      expect((await unconfigured.call('GET', PATH, { as: 'admin' })).body).toEqual({
        connected: false,
        configured: false,
        connections: [],
      });
    } finally {
      await unconfigured.stop();
    }
  });

  it('shows a connection with everything but its tokens', async () => {
    const hookId = await fixture.connect(api);
    const { text, body } = await status();
    const { id: locationId, companyId } = fixture.simulator.locations[0]!;
    const connection = {
      connected: true,
      location_id: locationId,
      location_name: null,
      timezone: null,
      country: null,
      company_id: companyId,
      user_id: expect.any(String),
      expires_at: expect.stringMatching(ISO),
      connected_at: expect.stringMatching(ISO),
      last_refreshed_at: expect.stringMatching(ISO),
      scope: SCOPES.join(' '),
      scopes: [...SCOPES],
      missing_scopes: [],
      state: 'connected',
      reason: null,
      last_error: null,
      since: expect.stringMatching(ISO),
      consecutive_failures: 0,
      next_attempt_at: null,
      reauthorization_required: false,
      encrypted: true,
    };
    expect(body).toEqual({ ...connection, configured: true, connections: [connection] });
    const row = await fixture.row(hookId);
    for (const token of [row.access_token, row.settings['refresh_token']])
      expect(text).not.toContain(JSON.stringify(token));
    expect(text).not.toMatch(/refresh_token|access_token/);
  });

  it.each([
    ['suspended', true, false],
    ['reauthorization_required', true, true],
    ['uninstalled', false, false],
  ] as const)('tells of a connection that is %s since when and why', async (state, connected, required) => {
    const hookId = await fixture.connect(api);
    await database.query(
      `update ghl.connections set state = $2, reason = 'because', since = '2026-11-01T10:00:00Z',
              consecutive_failures = 3, next_attempt_at = '2026-11-01T13:00:00Z' where hook_id = $1`,
      [hookId, state],
    );
    expect((await status()).body).toMatchObject({
      connected,
      state,
      reason: 'because',
      last_error: 'The token could not be refreshed (because)',
      since: '2026-11-01T10:00:00.000Z',
      consecutive_failures: 3,
      next_attempt_at: '2026-11-01T13:00:00.000Z',
      reauthorization_required: required,
    });
  });

  it('is not connected while somebody has disabled the hook in DeskFlow', async () => {
    const hookId = await fixture.connect(api);
    await database.query('update integrations_hooks set status = 0 where id = $1', [hookId]);
    expect((await status()).body).toMatchObject({ connected: false, location_id: fixture.locationId() });
  });

  it("reads hooks that DeskFlow's own code wrote: in clear, with Ruby's times, without a row of ours", async () => {
    await database.query(
      `insert into integrations_hooks (account_id, app_id, hook_type, reference_id, status, access_token, settings,
                                       created_at, updated_at)
       values (1, 'gohighlevel', 0, 'LocOfRails', 1, 'clear-access', $1, now(), now())`,
      [
        JSON.stringify({
          refresh_token: 'clear-refresh',
          expires_at: '2026-11-20 10:00:00 UTC',
          scope: 'contacts.readonly  contacts.write',
        }),
      ],
    );
    const { body, text } = await status();
    expect(body).toMatchObject({
      connected: true,
      location_id: 'LocOfRails',
      expires_at: '2026-11-20T10:00:00.000Z',
      connected_at: null,
      last_refreshed_at: null,
      scopes: ['contacts.readonly', 'contacts.write'],
      missing_scopes: SCOPES.slice(2),
      state: 'connected',
      since: null,
      encrypted: false,
    });
    expect(text).not.toMatch(/clear-(?:access|refresh)/);
  });

  it('counts scopes of the configuration among those that are missing', async () => {
    await fixture.connect(api);
    const other = await ApiFixture.start(fixture, people, { GHL_EXTRA_SCOPES: 'locations/tags.readonly' });
    try {
      const { body } = await other.call('GET', PATH, { as: 'admin' });
      expect(body['missing_scopes']).toEqual(['locations/tags.readonly']);
    } finally {
      await other.stop();
    }
  });

  it('lists every location and shows the first that is connected', async () => {
    const [first] = [await fixture.connect(api), await fixture.connect(api, { location: 1 })];
    await database.query('update integrations_hooks set status = 0 where id = $1', [first]);
    const { body } = await status();
    expect(body).toMatchObject({
      connected: true,
      location_id: fixture.locationId(1),
      connections: [
        { connected: false, location_id: fixture.locationId(0) },
        { connected: true, location_id: fixture.locationId(1) },
      ],
    });
  });

  it("shows neither other accounts' connections nor other apps' hooks", async () => {
    await fixture.connect(api, { accountId: OTHER_ACCOUNT });
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, access_token, created_at, updated_at)
       values (1, 'linear', 'of-linear', 'linear-token', now(), now())`,
    );
    expect((await status()).body).toEqual({ connected: false, configured: true, connections: [] });
    expect((await api.call('GET', PATH, { as: 'stranger' })).status).toBe(401);
    expect((await api.call('GET', PATH.replace('/1/', '/2/'), { as: 'admin' })).status).toBe(401);
  });

  it('is for administrators', async () => {
    expect((await api.call('GET', PATH)).status).toBe(401);
    const { status: refused, body } = await api.call('GET', PATH, { as: 'agent' });
    expect(refused).toBe(401);
    expect(body).toMatchObject({ error: 'You are not authorized to do this action' });
  });
});
