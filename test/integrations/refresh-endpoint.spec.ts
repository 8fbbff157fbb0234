import { type Answer, ApiFixture, OTHER_ACCOUNT, People } from './api-fixture.js';
import { ConnectionFixture } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/refresh';

const database = useDatabase();
let fixture: ConnectionFixture;
let people: People;
let api: ApiFixture;

beforeAll(async () => {
  people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
});
afterEach(async () => {
  fixture.setActive(true);
  await fixture.reset();
});
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

const refresh = (search = '', from = api): Promise<Answer> =>
  from.call('POST', PATH + search, { as: 'admin' });

describe('POST …/integrations/ghl/refresh', () => {
  it('renews the tokens and answers the status afterwards', async () => {
    const hookId = await fixture.connect(api);
    await fixture.expiresIn(hookId, 60);
    const before = await fixture.row(hookId);
    const { status, body, text } = await refresh();
    expect(status).toBe(200);
    expect(body).toMatchObject({ connected: true, state: 'connected', location_id: fixture.locationId() });
    expect(Date.parse(String(body['expires_at']))).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect((await fixture.row(hookId)).access_token).not.toBe(before.access_token);
    expect(fixture.tokenRequests()).toBe(1);
    expect(text).not.toMatch(/refresh_token|access_token/);
  });

  it('renews one token of several, and the one that the status shows when none is named', async () => {
    const hookIds = [await fixture.connect(api), await fixture.connect(api, { location: 1 })];
    const [first, second] = await Promise.all(hookIds.map((id) => fixture.row(id)));
    await refresh(`?location_id=${fixture.locationId(1)}`);
    expect((await fixture.row(first!.id)).access_token).toBe(first!.access_token);
    expect((await fixture.row(second!.id)).access_token).not.toBe(second!.access_token);
    await refresh();
    expect((await fixture.row(first!.id)).access_token).not.toBe(first!.access_token);
  });

  it('finds no connection where there is none, or only another account has it', async () => {
    expect(await refresh()).toMatchObject({ status: 404, body: { code: 'not_connected' } });
    await fixture.connect(api, { accountId: OTHER_ACCOUNT });
    for (const search of ['', `?location_id=${fixture.locationId()}`])
      expect(await refresh(search)).toMatchObject({
        status: 404,
        body: { error: 'Resource could not be found', code: 'not_connected' },
      });
    expect(fixture.tokenRequests()).toBe(0);
  });

  it.each([
    '?location_id=',
    '?location_id=a/b',
    '?location_id=a&location_id=b',
    `?location_id=${'a'.repeat(101)}`,
  ])('refuses what is no location id: %s', async (search) => {
    await fixture.connect(api);
    expect(await refresh(search)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('says that HighLevel must be authorized again', async () => {
    const hookId = await fixture.connect(api);
    fixture.simulator.installations.uninstallLocation(fixture.locationId());
    const { status, body } = await refresh();
    expect(status).toBe(422);
    expect(body).toMatchObject({
      error: 'HighLevel must be authorized again',
      code: 'reauthorization_required',
      details: { hook_id: hookId, reason: 'refresh_token_refused', since: expect.any(String) },
    });
  });

  it('says that the location is suspended, and tries again each time a person asks', async () => {
    await fixture.connect(api);
    fixture.setActive(false);
    const { status, body } = await refresh();
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'highlevel_refused', details: { reason: 'location_not_active' } });
    fixture.setActive(true);
    expect(await refresh()).toMatchObject({ status: 200, body: { state: 'connected', reason: null } });
  });

  it('says that HighLevel does not answer, and when to come again', async () => {
    await fixture.connect(api);
    fixture.simulator.faults.add({ kind: 'status', status: 500, path: '/oauth/token', times: 2 });
    const { status, body, headers } = await refresh();
    expect(status).toBe(502);
    expect(body).toMatchObject({
      error: 'HighLevel does not answer at the moment',
      code: 'highlevel_unavailable',
    });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('says that the stored token cannot be decrypted, names the hook and shows nothing of it', async () => {
    const hookId = await fixture.connect(api);
    const { access_token: sealed } = await fixture.row(hookId);
    const tampered = (sealed ?? '').replace(/"p":"..../, '"p":"AAAA');
    await database.query('update integrations_hooks set access_token = $2 where id = $1', [hookId, tampered]);
    const { status, body, text } = await refresh();
    expect(status).toBe(500);
    expect(body).toMatchObject({
      code: 'token_unreadable',
      details: { hook_id: hookId, reason: 'not_authentic' },
    });
    expect(text).not.toContain(tampered.slice(10, 40));
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('says that the client credentials are missing', async () => {
    await fixture.connect(api);
    const other = await ApiFixture.start(fixture, people, { GHL_CLIENT_SECRET: '' });
    try {
      expect(await refresh('', other)).toMatchObject({ status: 422, body: { code: 'not_configured' } });
    } finally {
      await other.stop();
    }
  });

  it("leaves refreshing to DeskFlow's job where GHL_TOKEN_REFRESH is off", async () => {
    await fixture.connect(api);
    const other = await ApiFixture.start(fixture, people, { GHL_TOKEN_REFRESH: 'off' });
    try {
      expect(await refresh('', other)).toMatchObject({ status: 409, body: { code: 'conflict' } });
      expect(fixture.tokenRequests()).toBe(0);
    } finally {
      await other.stop();
    }
  });

  it('is for administrators of the account', async () => {
    await fixture.connect(api);
    for (const as of ['agent', 'stranger'] as const)
      expect((await api.call('POST', PATH, { as })).status).toBe(401);
    expect((await api.call('POST', PATH)).status).toBe(401);
    expect(fixture.tokenRequests()).toBe(0);
  });
});
