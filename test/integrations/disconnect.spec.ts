import { type Answer, ApiFixture, OTHER_ACCOUNT, People } from './api-fixture.js';
import { ConnectionFixture } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';
import { holdCall } from '../harness/held-call.js';
import { untilBlocked } from '../harness/until-blocked.js';

const PATH = '/api/v1/accounts/1/integrations/ghl';

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

const disconnect = (path = PATH): Promise<Answer> => api.call('DELETE', path, { as: 'admin' });

async function locations(): Promise<string[]> {
  const rows = await database.query<{ reference_id: string }>(
    'select reference_id from integrations_hooks order by id',
  );
  return rows.map(({ reference_id }) => reference_id);
}

describe.each([PATH, '/api/v1/accounts/1/integrations/gohighlevel'])('DELETE %s', (path) => {
  it('removes the hook, its tokens and what is known of the connection', async () => {
    await fixture.connect(api);
    expect(await disconnect(path)).toMatchObject({ status: 200, text: '' });
    expect(await locations()).toEqual([]);
    expect(await database.query('select from ghl.connections')).toEqual([]);
    expect(await disconnect(path)).toMatchObject({ status: 404, body: { code: 'not_connected' } });
  });

  it('removes all locations of the account, or the one that is named', async () => {
    for (const location of [0, 1, 2]) await fixture.connect(api, { location });
    await disconnect(`${path}?location_id=${fixture.locationId(1)}`);
    expect(await locations()).toEqual([fixture.locationId(0), fixture.locationId(2)]);
    await disconnect(path);
    expect(await locations()).toEqual([]);
  });

  it("never removes another account's connection", async () => {
    await fixture.connect(api, { accountId: OTHER_ACCOUNT });
    for (const target of [path, `${path}?location_id=${fixture.locationId()}`])
      expect((await disconnect(target)).status).toBe(404);
    expect((await disconnect(path.replace('/1/', '/2/'))).status).toBe(401);
    expect(await locations()).toEqual([fixture.locationId()]);
  });

  it('is for administrators of the account', async () => {
    await fixture.connect(api);
    for (const as of ['agent', 'stranger'] as const)
      expect((await api.call('DELETE', path, { as })).status).toBe(401);
    expect((await api.call('DELETE', path)).status).toBe(401);
    expect(await locations()).toHaveLength(1);
  });

  it('refuses what is no location id', async () => {
    expect(await disconnect(`${path}?location_id=%00`)).toMatchObject({
      status: 422,
      body: { code: 'validation_failed' },
    });
  });
});

describe('disconnecting', () => {
  it('keeps the links, and ends work that nobody will do any more', async () => {
    const hookId = await fixture.connect(api);
    const otherId = await fixture.connect(api, { accountId: OTHER_ACCOUNT, location: 1 });
    await database.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id) values (1, $1, 7, 'Con0')`,
      [fixture.locationId()],
    );
    for (const id of [hookId, otherId]) {
      await database.query(
        `insert into ghl.inbox (delivery_key, type, hook_id, body, state)
         select s || $1::text, 'ContactCreate', $1::bigint, '{}', s from unnest(array['pending', 'failed', 'done']) s`,
        [id],
      );
      await database.query(
        `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state)
         values (1, $1, 7, 'push', 'pending'), (1, $1, 8, 'push', 'dead')`,
        [id],
      );
    }

    await disconnect();

    expect(await database.query('select contact_id from ghl.contact_links')).toEqual([{ contact_id: 7 }]);
    const statesOf = (table: string, id: number): Promise<unknown[]> =>
      database.query(`select state, reason from ghl.${table} where hook_id = $1 order by id`, [id]);
    const ended = { state: 'ignored', reason: 'disconnected' };
    expect(await statesOf('inbox', hookId)).toEqual([ended, ended, { state: 'done', reason: null }]);
    expect(await statesOf('outbox', hookId)).toEqual([ended, { state: 'dead', reason: null }]);
    expect(await statesOf('inbox', otherId)).toMatchObject([
      { state: 'pending' },
      { state: 'failed' },
      { state: 'done' },
    ]);
    expect(await statesOf('outbox', otherId)).toMatchObject([{ state: 'pending' }, { state: 'dead' }]);
  });

  it('waits for a refresh that is under way, and leaves nothing of it', async () => {
    await fixture.connect(api);
    const call = holdCall(fixture.simulator.faults, { path: '/oauth/token' });
    const refreshing = api.call('POST', `${PATH}/refresh`, { as: 'admin' });
    await call.arrived();
    const disconnecting = disconnect();
    await untilBlocked(database);
    call.letGo();
    expect((await disconnecting).status).toBe(200);
    expect((await refreshing).status).toBe(200);
    expect(await locations()).toEqual([]);
    expect(await database.query('select from ghl.connections')).toEqual([]);
  });
});
