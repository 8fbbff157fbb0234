import { type Contact as HighLevelContact } from '#apps/simulator/model.js';
import {
  ContactSync,
  ContactSyncHttpModule,
  ContactSyncWorkerModule,
  OutboundProcessor,
} from '#libs/contact-sync';
import { Hooks } from '#libs/integrations';
import { ReconciliationRunner, ReconciliationWorkerModule } from '#libs/reconciliation';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { type Answer, type Call } from '../integrations/api-fixture.js';
import { LocationFixture } from '../integrations/location-fixture.js';

const ACCOUNT = '/api/v1/accounts/1';

const database = useDatabase();
let site: LocationFixture;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [ContactSyncHttpModule],
    worker: [ContactSyncWorkerModule, ReconciliationWorkerModule],
  });
});
beforeEach(async () => {
  hookId = await site.reset();
});
afterAll(() => site.stop());

const call = (method: string, path: string, how: Call = { as: 'agent' }): Promise<Answer> =>
  site.api.call(method, ACCOUNT + path, how);
const push = (): Promise<void> => site.worker.get(OutboundProcessor).work({ data: { hookId } });
const outbox = (): Promise<{ state: string; reason: string | null }[]> =>
  database.query('select state, reason from ghl.outbox order by id');

async function one<Row>(statement: string, parameters: unknown[] = []): Promise<Row> {
  const [row] = await database.query<Row>(statement, parameters);
  if (!row) throw new Error(`no row of ${statement}`);
  return row;
}

/** How the contact stands, with its only location. */
async function stateOf(id: number): Promise<Record<string, unknown>> {
  const { body } = await call('GET', `/contacts/${id}/ghl_sync`);
  const [state] = body['payload'] as Record<string, unknown>[];
  return state ?? {};
}

/** Somebody in HighLevel whom DeskFlow has by an event. */
async function linked(
  changes: Partial<HighLevelContact> = {},
): Promise<{ id: number; there: HighLevelContact }> {
  const [there] = site.seed(1, () => changes);
  await tell(there!);
  const { id } = await one<{ id: number }>(
    'select contact_id as id from ghl.contact_links where ghl_contact_id = $1',
    [there!.id],
  );
  return { id, there: there! };
}

/** An event about the contact as HighLevel has it now. */
async function tell(contact: HighLevelContact): Promise<void> {
  const hook = await site.worker.get(Hooks).findById(hookId);
  const sync = site.worker.get(ContactSync);
  const { dateUpdated, ...rest } = site.connections.simulator.contacts.get(contact.id) ?? contact;
  const event = { ...rest, type: 'ContactUpdate' as const };
  await database.source.transaction((manager) =>
    sync.applyEvents(manager, hook!, [{ id: 1, eventAt: new Date(dateUpdated), event }]),
  );
}

async function local(email: string | null): Promise<number> {
  const { id } = await one<{ id: number }>(
    `insert into contacts (account_id, name, email, created_at, updated_at)
     values (1, 'Local', $1, now(), now()) returning id`,
    [email],
  );
  return id;
}

describe('the state of a contact', () => {
  it('says which way it was synced last, and when', async () => {
    const { id, there } = await linked();
    expect(await stateOf(id)).toMatchObject({
      contact_id: id,
      location_id: site.location.id,
      state: 'in_sync',
      ghl_contact_id: there.id,
      direction: 'in',
      pending: null,
      error: null,
    });
    await database.query(`update contacts set name = 'Somebody Else' where id = $1`, [id]);
    expect(await stateOf(id)).toMatchObject({
      state: 'pending',
      pending: { operation: 'push', attempts: 0 },
    });
    await push();
    expect(await stateOf(id)).toMatchObject({ state: 'in_sync', direction: 'out', pending: null });
  });

  it('says that nobody has it there, or no more', async () => {
    expect(await stateOf(await local(null))).toMatchObject({ state: 'pending', ghl_contact_id: null });
    await push();
    const { id } = await one<{ id: number }>('select id from contacts');
    expect(await stateOf(id)).toMatchObject({ state: 'not_linked', last_synced_at: null });
    const other = await linked();
    await database.query('update ghl.contact_links set remote_deleted_at = now()');
    expect(await stateOf(other.id)).toMatchObject({ state: 'deleted_in_highlevel' });
  });

  it('says what HighLevel refused, until both agree again', async () => {
    const { id } = await linked();
    site.connections.simulator.faults.add({
      kind: 'status',
      method: 'PUT',
      path: '/contacts/',
      status: 422,
      times: 1,
    });
    await database.query(`update contacts set name = 'Refused' where id = $1`, [id]);
    await push();
    expect(await stateOf(id)).toMatchObject({ state: 'failed', error: { reason: 'refused_by_highlevel' } });
    await call('POST', `/contacts/${id}/ghl_sync`);
    await push();
    expect(await stateOf(id)).toMatchObject({ state: 'in_sync', error: null });
  });

  it('says why it is tried again', async () => {
    const { id } = await linked();
    site.connections.simulator.faults.add({
      kind: 'status',
      method: 'PUT',
      path: '/contacts/',
      status: 503,
      times: 1,
    });
    await database.query(`update contacts set name = 'Later' where id = $1`, [id]);
    await push();
    expect(await stateOf(id)).toMatchObject({
      state: 'pending',
      pending: { attempts: 1 },
      error: { reason: null, message: expect.stringContaining('503') as string },
    });
  });

  it('says that what HighLevel told could not be applied', async () => {
    const { id, there } = await linked();
    await database.query(
      `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state, reason, finished_at)
       values ('k', 'ContactUpdate', 1, $1, $2, 'contact:' || $3, '', 'dead', 'value_not_storable', now())`,
      [hookId, site.location.id, there.id],
    );
    expect(await stateOf(id)).toMatchObject({ state: 'failed', error: { reason: 'value_not_storable' } });
  });

  it('says that the connection is not well', async () => {
    const { id } = await linked();
    await database.query(`update ghl.connections set state = 'reauthorization_required'`);
    expect(await stateOf(id)).toMatchObject({ state: 'paused' });
  });

  it('is told of many contacts at once, of the own account only', async () => {
    const one = await linked();
    const other = await local('b@example.test');
    await database.query(`update contacts set account_id = 2 where id = $1`, [other]);
    const { body } = await call('GET', `/integrations/ghl/contact_states?contact_ids=${one.id},${other},999`);
    expect(body['payload']).toMatchObject([{ contact_id: one.id }]);
    for (const ids of ['', 'x', '0', '1,', Array.from({ length: 101 }, (_, n) => n + 1).join()])
      expect((await call('GET', `/integrations/ghl/contact_states?contact_ids=${ids}`)).status).toBe(422);
  });

  it('is empty without a connection, and 404 without a contact', async () => {
    const id = await local('a@example.test');
    await database.query('truncate integrations_hooks');
    expect((await call('GET', `/contacts/${id}/ghl_sync`)).body).toEqual({ payload: [] });
    expect((await call('GET', `/contacts/${id + 1}/ghl_sync`)).status).toBe(404);
    expect((await call('GET', `/contacts/${id}/ghl_sync`, {})).status).toBe(401);
  });
});

describe('syncing a contact now', () => {
  it('brings what HighLevel has and nobody told, and sends what DeskFlow has', async () => {
    const { id, there } = await linked();
    site.edit(there, { city: 'Bergen' });
    await database.query(`update contacts set name = 'Mara Quill' where id = $1`, [id]);
    expect((await call('POST', `/contacts/${id}/ghl_sync`)).status).toBe(200);
    expect(await database.query(`select additional_attributes ->> 'city' as city from contacts`)).toEqual([
      { city: 'Bergen' },
    ]);
    await push();
    expect(site.there()[0]).toMatchObject({ firstName: 'Mara', lastName: 'Quill', city: 'Bergen' });
    expect(
      await database.query(`select action, actor_user_id is not null as user, details from ghl.audit_events`),
    ).toContainEqual({ action: 'contact.sync', user: true, details: { contact_id: id } });
  });

  it('sends a contact that HighLevel does not have', async () => {
    const id = await local('new@example.test');
    await database.query('truncate ghl.outbox');
    await call('POST', `/contacts/${id}/ghl_sync`);
    await push();
    expect(site.there()).toMatchObject([{ email: 'new@example.test' }]);
    expect(await stateOf(id)).toMatchObject({ state: 'in_sync', direction: 'out' });
  });

  it('finds that HighLevel has it no more', async () => {
    const { id, there } = await linked();
    site.connections.simulator.contacts.remove(there);
    await call('POST', `/contacts/${id}/ghl_sync`);
    expect(await stateOf(id)).toMatchObject({ state: 'deleted_in_highlevel' });
    await push();
    expect(site.there()).toEqual([]);
  });

  it('says so when HighLevel does not answer, or refuses, and changes nothing', async () => {
    const { id } = await linked();
    for (const [status, code, answer] of [
      [503, 'highlevel_unavailable', 503],
      [403, 'highlevel_refused', 422],
    ] as const) {
      site.connections.simulator.faults.clear();
      site.connections.simulator.faults.add({ kind: 'status', path: '/contacts/', status, times: 10 });
      const { status: answered, body } = await call('POST', `/contacts/${id}/ghl_sync`);
      expect({ code: body['code'], is5xx: answered >= 500 }).toEqual({ code, is5xx: answer >= 500 });
    }
    expect(await outbox()).toEqual([]);
  });

  it('is refused without a connection, and for a contact of another account', async () => {
    const id = await local('a@example.test');
    await database.query('truncate integrations_hooks');
    expect(await call('POST', `/contacts/${id}/ghl_sync`)).toMatchObject({ body: { code: 'not_connected' } });
    expect((await call('POST', `/contacts/999/ghl_sync`)).status).toBe(404);
  });
});

describe('unlinking a contact', () => {
  const unlink = (id: number, query = ''): Promise<Answer> =>
    call('DELETE', `/contacts/${id}/ghl_sync${query}`, { as: 'admin' });

  it('lets both go their own ways', async () => {
    const { id, there } = await linked();
    await database.query(`update contacts set name = 'Waits' where id = $1`, [id]);
    expect((await unlink(id)).body['payload']).toMatchObject([{ state: 'unlinked', pending: null }]);
    expect(await outbox()).toEqual([{ state: 'ignored', reason: 'unlinked' }]);
    expect(
      await database.query('select ghl_contact_id, identifier, additional_attributes from contacts'),
    ).toEqual([
      {
        ghl_contact_id: null,
        identifier: null,
        additional_attributes: expect.not.objectContaining({ external: expect.anything() }) as object,
      },
    ]);

    site.edit(there, { firstName: 'Changed' });
    await tell(there);
    await database.query(`update contacts set name = 'Changed Here' where id = $1`, [id]);
    await push();
    await database.query(`update ghl.contact_links set updated_at = now() - interval '1 day'`);
    await site.worker.get(ReconciliationRunner).runOnSchedule();
    expect(await database.query('select name from contacts')).toEqual([{ name: 'Changed Here' }]);
    expect(site.there()[0]).toMatchObject({ firstName: 'Changed' });
    expect(await outbox()).toHaveLength(1);
  });

  it('is taken back by syncing it', async () => {
    const { id, there } = await linked();
    await unlink(id);
    site.edit(there, { city: 'Oslo' });
    await call('POST', `/contacts/${id}/ghl_sync`);
    expect(await stateOf(id)).toMatchObject({ state: 'pending' });
    await push();
    expect(await stateOf(id)).toMatchObject({ state: 'in_sync' });
    expect(
      await database.query(
        `select ghl_contact_id, identifier, additional_attributes ->> 'city' as city from contacts`,
      ),
    ).toEqual([{ ghl_contact_id: there.id, identifier: there.id, city: 'Oslo' }]);
  });

  it('leaves what a deletion does to either of them alone', async () => {
    const { id } = await linked();
    await database.query(
      `insert into ghl.sync_settings (account_id, on_delete) values (1, 'delete') on conflict (account_id) do update set on_delete = 'delete'`,
    );
    await unlink(id);
    await database.query('delete from contacts where id = $1', [id]);
    await push();
    expect(site.there()).toHaveLength(1);
  });

  it('is for administrators, may be of one location, and is 404 without a link', async () => {
    const { id } = await linked();
    expect((await call('DELETE', `/contacts/${id}/ghl_sync`)).status).toBe(401);
    expect((await unlink(id, '?location_id=elsewhere')).status).toBe(404);
    expect((await unlink(id, `?location_id=${site.location.id}`)).status).toBe(200);
    expect((await unlink(await local(null))).status).toBe(404);
    await eventually(async () =>
      expect(
        await database.query(`select location_id from ghl.audit_events where action = 'contact.unlink'`),
      ).toContainEqual({ location_id: site.location.id }),
    );
  });
});
