import { type Answer, ApiFixture, FRONTEND_URL, OTHER_ACCOUNT, People, type Person } from './api-fixture.js';
import { ConnectionFixture } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const PATH = '/api/v1/accounts/1/integrations/apps';
const SETTINGS_PAGE = `${FRONTEND_URL}/app/accounts/1/settings/integrations/gohighlevel`;

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

const entry = (as: Person = 'admin'): Promise<Answer> => api.call('GET', `${PATH}/gohighlevel`, { as });

describe('the app registry', () => {
  it('shows an administrator everything Chatwoot shows of an app', async () => {
    const { status, body } = await entry();
    expect(status).toBe(200);
    expect(body).toEqual({
      id: 'gohighlevel',
      name: 'GoHighLevel',
      description: expect.any(String),
      short_description: expect.any(String),
      enabled: false,
      hooks: [],
      logo: 'gohighlevel.png',
      i18n_key: 'gohighlevel',
      hook_type: 'account',
      allow_multiple_hooks: true,
      visible_properties: ['location_id', 'company_id', 'scope', 'connected_at', 'expires_at'],
      action: SETTINGS_PAGE,
      button: SETTINGS_PAGE,
    });
  });

  it('shows what may be seen of a hook, and no token', async () => {
    const hookId = await fixture.connect(api);
    const { body, text } = await entry();
    expect(body).toMatchObject({
      enabled: true,
      hooks: [
        {
          id: hookId,
          app_id: 'gohighlevel',
          account_id: 1,
          status: true,
          hook_type: 'account',
          inbox: null,
          reference_id: fixture.locationId(),
          reauthorization_required: false,
        },
      ],
    });
    const [{ settings }] = body['hooks'] as [{ settings: object }];
    expect(Object.keys(settings).sort()).toEqual(
      ['location_id', 'company_id', 'scope', 'connected_at', 'expires_at'].sort(),
    );
    expect(text).not.toMatch(/refresh_token|access_token/);
  });

  it('shows a member only whether it is there', async () => {
    const hookId = await fixture.connect(api);
    const { status, body } = await entry('agent');
    expect(status).toBe(200);
    expect(body).toEqual({
      id: 'gohighlevel',
      name: 'GoHighLevel',
      description: expect.any(String),
      short_description: expect.any(String),
      enabled: true,
      hooks: [
        {
          id: hookId,
          app_id: 'gohighlevel',
          account_id: 1,
          status: true,
          hook_type: 'account',
          inbox: null,
          reauthorization_required: false,
        },
      ],
    });
  });

  it('says which hooks must be authorized again, and which are disabled', async () => {
    const [first, second] = [await fixture.connect(api), await fixture.connect(api, { location: 1 })];
    await database.query(`update ghl.connections set state = 'reauthorization_required' where hook_id = $1`, [
      first,
    ]);
    await database.query('update integrations_hooks set status = 0 where id = $1', [second]);
    expect((await entry()).body['hooks']).toMatchObject([
      { id: first, reauthorization_required: true, status: true },
      { id: second, reauthorization_required: false, status: false },
    ]);
  });

  it('lists the same entry, and knows no other app', async () => {
    const { status, body } = await api.call('GET', PATH, { as: 'admin' });
    expect(status).toBe(200);
    expect(body).toEqual({ payload: [(await entry()).body] });
    expect(await api.call('GET', `${PATH}/slack`, { as: 'admin' })).toMatchObject({
      status: 404,
      body: { error: 'Resource could not be found' },
    });
  });

  it("is for members, and never shows another account's hooks", async () => {
    await fixture.connect(api, { accountId: OTHER_ACCOUNT });
    expect((await entry()).body).toMatchObject({ enabled: false, hooks: [] });
    for (const path of [PATH, `${PATH}/gohighlevel`]) {
      expect((await api.call('GET', path, { as: 'stranger' })).status).toBe(401);
      expect((await api.call('GET', path)).status).toBe(401);
    }
  });
});
