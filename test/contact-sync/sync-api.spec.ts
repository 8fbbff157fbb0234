import { ContactSyncHttpModule } from '#libs/contact-sync';
import { QueueModule } from '#libs/queue';
import { useDatabase } from '../harness/database.js';
import { type Answer, ApiFixture, OTHER_ACCOUNT, People } from '../integrations/api-fixture.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';

const SETTINGS = '/api/v1/accounts/1/integrations/ghl/settings';
const CONFLICTS = '/api/v1/accounts/1/integrations/ghl/conflicts';

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people, {}, (config) => [
    QueueModule.register(config),
    ContactSyncHttpModule,
  ]);
});
beforeEach(() => database.query('truncate ghl.sync_settings, ghl.sync_conflicts restart identity'));
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

/** @returns ids, in the order in which they happened */
async function conflictsOf(accountId: number, contactIds: readonly number[]): Promise<void> {
  await database.query(
    `insert into ghl.sync_conflicts (account_id, location_id, contact_id, ghl_contact_id, field, base, deskflow,
                                     highlevel, policy, kept)
     select $1, 'loc', id, 'con' || id, 'firstName', '"Mara"', '"Maria"', null, 'latest_wins', 'deskflow'
       from unnest($2::bigint[]) as id`,
    [accountId, contactIds],
  );
}

describe('settings', () => {
  it('are the defaults until somebody changes them', async () => {
    const { status, body } = await api.call('GET', SETTINGS, { as: 'admin' });
    expect(status).toBe(200);
    expect(body).toEqual({
      payload: {
        conflict_policy: 'latest_wins',
        on_delete: 'leave',
        sso_role: 'agent',
        default_location_id: null,
      },
    });
  });

  it('are changed one by one, and what is left out stays', async () => {
    await api.call('PATCH', SETTINGS, { as: 'admin', body: { on_delete: 'archive' } });
    const { body } = await api.call('PATCH', SETTINGS, {
      as: 'admin',
      body: { conflict_policy: 'deskflow_wins', sso_role: 'administrator' },
    });
    expect(body).toMatchObject({
      payload: { conflict_policy: 'deskflow_wins', on_delete: 'archive', sso_role: 'administrator' },
    });
    expect((await api.call('GET', SETTINGS, { as: 'admin' })).body).toEqual(body);
  });

  it.each([
    { conflict_policy: 'nobody_wins' },
    { on_delete: true },
    { sso_role: 'owner' },
    { conflict_policy: null, on_delete: 'x' },
  ])('refuses %j and changes nothing', async (changes) => {
    const { status, body } = await api.call('PATCH', SETTINGS, { as: 'admin', body: changes });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed' });
    expect(await database.query('select from ghl.sync_settings')).toEqual([]);
  });

  it('name the location that new contacts go to', async () => {
    const hookIds = [
      await fixture.connect({ hooks: api.hooks }),
      await fixture.connect({ hooks: api.hooks }, { location: 1 }),
    ];
    const choose = (default_location_id: string | null): Promise<Answer> =>
      api.call('PATCH', SETTINGS, { as: 'admin', body: { default_location_id } });
    const arrive = async (): Promise<number[]> => {
      await database.query('truncate ghl.outbox');
      await database.query(
        `insert into contacts (account_id, name, email, created_at, updated_at)
         values (1, 'New', gen_random_uuid() || '@example.test', now(), now())`,
      );
      const rows = await database.query<{ hook_id: number }>('select hook_id from ghl.outbox');
      return rows.map(({ hook_id }) => hook_id);
    };

    expect(await arrive()).toEqual([]);
    for (const location of [1, 0]) {
      const default_location_id = fixture.locationId(location);
      expect((await choose(default_location_id)).body).toMatchObject({ payload: { default_location_id } });
      expect(await arrive()).toEqual([hookIds[location]]);
    }
    const refused = await api.call('PATCH', SETTINGS, {
      as: 'admin',
      body: { default_location_id: 'LocOfSomebodyElse', on_delete: 'delete' },
    });
    expect(refused).toMatchObject({ status: 422, body: { attributes: ['default_location_id'] } });
    const { body } = await api.call('GET', SETTINGS, { as: 'admin' });
    expect(body).toMatchObject({
      payload: { default_location_id: fixture.locationId(0), on_delete: 'leave' },
    });
    await choose(null);
    expect(await arrive()).toEqual([]);
    await fixture.reset();
  });

  it('are for administrators', async () => {
    expect((await api.call('GET', SETTINGS, { as: 'agent' })).status).toBe(401);
    expect((await api.call('PATCH', SETTINGS, { as: 'stranger', body: {} })).status).toBe(401);
  });
});

describe('conflicts', () => {
  it('are listed newest first, a part at a time, with the names their contacts have', async () => {
    const [contact] = await database.query<{ id: number }>(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'Ada', now(), now()) returning id`,
    );
    await conflictsOf(1, [900_001, contact!.id, 900_002]);
    const first = await api.call('GET', `${CONFLICTS}?limit=2`, { as: 'admin' });
    expect(first.body).toMatchObject({
      payload: [
        { id: 3, contact_name: null },
        { id: 2, contact_name: 'Ada', field: 'firstName', base: 'Mara', deskflow: 'Maria', highlevel: null },
      ],
      meta: { next_before: 2 },
    });
    const second = await api.call('GET', `${CONFLICTS}?limit=2&before=2`, { as: 'admin' });
    expect(second.body).toMatchObject({ payload: [{ id: 1 }], meta: { next_before: null } });
  });

  it('are those of one contact, or those that were reversed, when asked for', async () => {
    await conflictsOf(1, [7, 8]);
    await database.query('update ghl.sync_conflicts set reversed_at = now(), reversed_by = 1 where id = 2');
    for (const [query, id] of [
      ['contact_id=7', 1],
      ['reversed=true', 2],
      ['reversed=false', 1],
    ] as const)
      expect((await api.call('GET', `${CONFLICTS}?${query}`, { as: 'admin' })).body).toMatchObject({
        payload: [{ id }],
      });
    expect((await api.call('GET', `${CONFLICTS}?contact_id=x`, { as: 'admin' })).status).toBe(422);
  });

  it('are those of the account alone', async () => {
    await conflictsOf(OTHER_ACCOUNT, [7]);
    expect((await api.call('GET', CONFLICTS, { as: 'admin' })).body).toMatchObject({ payload: [] });
    expect((await api.call('POST', `${CONFLICTS}/1/reverse`, { as: 'admin' })).status).toBe(404);
  });

  it('are reversed by administrators, with who it was in the answer', async () => {
    const [contact] = await database.query<{ id: number }>(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'Maria', now(), now()) returning id`,
    );
    await conflictsOf(1, [contact!.id]);
    expect((await api.call('POST', `${CONFLICTS}/1/reverse`, { as: 'agent' })).status).toBe(401);
    const { status, body } = await api.call('POST', `${CONFLICTS}/1/reverse`, { as: 'admin' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'reversed', payload: { id: 1, reversed_by: 1 } });
    expect(await database.query('select name from contacts where id = $1', [contact!.id])).toEqual([
      { name: '' },
    ]);
  });
});
