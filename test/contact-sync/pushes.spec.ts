import { ContactSyncHttpModule, ContactSyncWorkerModule, OutboundProcessor } from '#libs/contact-sync';
import { useDatabase } from '../harness/database.js';
import { type Answer, OTHER_ACCOUNT, type Person } from '../integrations/api-fixture.js';
import { LocationFixture } from '../integrations/location-fixture.js';

const ACCOUNT = '/api/v1/accounts/1';

interface Push {
  readonly id: number;
  readonly [field: string]: unknown;
}

const database = useDatabase();
let site: LocationFixture;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [ContactSyncHttpModule],
    worker: [ContactSyncWorkerModule],
  });
});
beforeEach(async () => {
  hookId = await site.reset();
  await database.query('truncate ghl.outbox restart identity');
});
afterAll(() => site.stop());

const call = (query = '', as: Person = 'admin'): Promise<Answer> =>
  site.api.call('GET', `${ACCOUNT}/integrations/ghl/pushes${query}`, { as });

async function listed(query = ''): Promise<Push[]> {
  const { status, body } = await call(query);
  expect(status).toBe(200);
  return body['payload'] as Push[];
}
const idsOf = async (query = ''): Promise<number[]> => (await listed(query)).map(({ id }) => id);

const work = (): Promise<void> => site.worker.get(OutboundProcessor).work({ data: { hookId } });

/** Somebody in DeskFlow, whom the trigger hands to the outbox. */
async function create(email: string): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    `insert into contacts (account_id, name, email, created_at, updated_at)
     values (1, 'Mara Quill', $1, now(), now()) returning id`,
    [email],
  );
  return row!.id;
}

/** HighLevel answers so, once. */
function refuse(status: number): void {
  site.connections.simulator.faults.add({ kind: 'status', path: '/contacts/', status, times: 1 });
}

describe('the list of pushes', () => {
  it('shows what waits, and with which contact and location', async () => {
    await database.query(`update ghl.connections set location_name = 'Harbour Dental'`);
    const contactId = await create('mara@example.test');
    const { body } = await call();
    expect(body).toEqual({
      meta: { next_before: null },
      payload: [
        {
          id: 1,
          operation: 'push',
          state: 'pending',
          reason: null,
          contact_id: contactId,
          contact_name: 'Mara Quill',
          ghl_contact_id: null,
          location_id: site.location.id,
          location_name: 'Harbour Dental',
          changed_at: expect.stringMatching(/Z$/) as string,
          finished_at: null,
          next_attempt_at: null,
          attempts: 0,
          last_error: null,
          settled: false,
        },
      ],
    });
  });

  it('says why one is tried again, and when', async () => {
    await create('mara@example.test');
    refuse(503);
    await work();
    expect(await listed('?state=failed')).toMatchObject([
      {
        state: 'failed',
        reason: null,
        attempts: 1,
        last_error: expect.stringContaining('503') as string,
        next_attempt_at: expect.stringMatching(/Z$/) as string,
        finished_at: null,
      },
    ]);
    expect(await listed('?state=dead')).toEqual([]);
  });

  it('says why one was given up, until its contact is synced', async () => {
    const contactId = await create('mara@example.test');
    refuse(422);
    await work();
    const [push] = await listed('?state=dead&settled=false');
    expect(push).toMatchObject({
      contact_id: contactId,
      reason: 'refused_by_highlevel',
      attempts: 1,
      settled: false,
    });
    expect(push?.['finished_at']).toEqual(expect.stringMatching(/Z$/));

    await site.api.call('POST', `${ACCOUNT}/contacts/${contactId}/ghl_sync`, { as: 'admin' });
    await work();
    expect(await listed('?state=dead&settled=false')).toEqual([]);
    expect(await listed('?settled=true')).toMatchObject([
      { id: push?.id, settled: true, ghl_contact_id: site.there()[0]?.id },
    ]);
    expect(await listed()).toMatchObject([{ state: 'done' }, { state: 'dead' }]);
  });

  it('takes one for settled when its contact is changed back to what HighLevel has', async () => {
    const contactId = await create('mara@example.test');
    await work();
    refuse(422);
    await database.query(`update contacts set name = 'Refused' where id = $1`, [contactId]);
    await work();
    expect(await listed('?state=dead')).toMatchObject([{ settled: false }]);
    await database.query(`update contacts set name = 'Mara Quill' where id = $1`, [contactId]);
    await work();
    expect(await listed()).toMatchObject([
      { state: 'done', reason: 'unchanged' },
      { state: 'dead', settled: true },
      { state: 'done' },
    ]);
  });

  it('keeps what was to be done about a contact or a location that is gone', async () => {
    await create('mara@example.test');
    await work();
    await database.query('delete from contacts');
    await database.query('truncate integrations_hooks');
    expect((await listed())[0]).toMatchObject({ operation: 'delete', contact_name: null, location_id: null });
  });

  it('is newest first, a part at a time', async () => {
    for (const name of ['a', 'b', 'c']) await create(`${name}@example.test`);
    const { body } = await call('?limit=2');
    expect(body).toMatchObject({ payload: [{ id: 3 }, { id: 2 }], meta: { next_before: 2 } });
    expect(await idsOf('?limit=2&before=2')).toEqual([1]);
  });

  it('is that of the account alone', async () => {
    await create('mara@example.test');
    await database.query('update ghl.outbox set account_id = $1', [OTHER_ACCOUNT]);
    expect(await listed()).toEqual([]);
  });

  it.each(['state=done', 'state=', 'settled=yes', 'before=x', 'limit=101'])('refuses %s', async (query) => {
    expect(await call(`?${query}`)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('is for administrators', async () => {
    expect((await call('', 'agent')).status).toBe(401);
    expect((await call('', 'stranger')).status).toBe(401);
  });
});

describe('discarding a push', () => {
  const discard = (id: number, as: Person = 'admin'): Promise<Answer> =>
    site.api.call('POST', `${ACCOUNT}/integrations/ghl/pushes/${id}/discard`, { as });

  it('ends it with the name of who did, once', async () => {
    const contactId = await create('mara@example.test');
    refuse(422);
    await work();
    expect(await discard(1)).toMatchObject({
      status: 200,
      body: { outcome: 'discarded', payload: { id: 1, state: 'ignored', reason: 'discarded' } },
    });
    expect((await discard(1)).body).toMatchObject({ outcome: 'already_over' });
    expect(await listed('?state=dead')).toEqual([]);
    expect(
      await database.query(
        `select actor_user_id is not null as "isPerson", details from ghl.audit_events where action = 'push.discard'`,
      ),
    ).toEqual([{ isPerson: true, details: { push_id: 1, contact_id: contactId } }]);
  });

  it('leaves one alone that is being sent', async () => {
    await create('mara@example.test');
    await database.query(
      `update ghl.outbox set state = 'processing', lease_until = now() + interval '1 hour'`,
    );
    expect((await discard(1)).body).toMatchObject({
      outcome: 'being_sent',
      payload: { state: 'processing' },
    });
  });

  it('is for administrators of its account', async () => {
    await create('mara@example.test');
    expect((await discard(1, 'agent')).status).toBe(401);
    await database.query('update ghl.outbox set account_id = $1', [OTHER_ACCOUNT]);
    expect((await discard(1)).status).toBe(404);
  });
});
