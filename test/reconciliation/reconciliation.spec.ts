import { type Contact as HighLevelContact } from '#apps/simulator/model.js';
import { ContactSyncWorkerModule } from '#libs/contact-sync';
import { ReconciliationModule, ReconciliationRunner, ReconciliationWorkerModule } from '#libs/reconciliation';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { LocationFixture } from '../integrations/location-fixture.js';
import { WorkerProcess } from '../contact-sync/worker-process.js';
import { ENCRYPTION } from '../integrations/connection-fixture.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/reconciliation';
const MINUTE_MS = 60_000;

type Kind = 'changes' | 'deletions';
interface Row {
  agreed_until: Date;
  due_at: Date;
  last_error: string | null;
  lease_token: string | null;
}

const database = useDatabase();
let site: LocationFixture;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [ReconciliationModule],
    worker: [ContactSyncWorkerModule, ReconciliationWorkerModule],
  });
});
beforeEach(async () => {
  hookId = await site.reset();
});
afterAll(() => site.stop());

const searches = (): number => site.connections.simulator.requests.count('POST', '/contacts/search');
const look = (): Promise<void> => site.worker.get(ReconciliationRunner).runOnSchedule();

async function row(kind: Kind): Promise<Row> {
  const [found] = await database.query<Row>('select * from ghl.reconciliations where kind = $1', [kind]);
  if (!found) throw new Error(`no row of ${kind}`);
  return found;
}

/** Nothing is due before a test says so. */
async function rest(): Promise<void> {
  await look();
  await eventually(async () => expect((await row('changes')).lease_token).toBeNull());
  await database.query(
    `update ghl.reconciliations set due_at = now() + interval '1 hour', finished_at = null`,
  );
}

/** @param ago until then both sides agree */
async function due(kind: Kind, ago?: string): Promise<void> {
  await database.query(
    `update ghl.reconciliations
        set due_at = now(), finished_at = null, agreed_until = coalesce(now() - $2::interval, agreed_until) where kind = $1`,
    [kind, ago ?? null],
  );
}

/** One run from its begin to its end. */
async function run(kind: Kind = 'changes'): Promise<void> {
  await due(kind);
  await look();
  await eventually(async () => {
    const [found] = await database.query<{ finished_at: Date | null }>(
      'select finished_at from ghl.reconciliations where kind = $1',
      [kind],
    );
    expect(found?.finished_at).not.toBeNull();
  }, 20_000);
}

async function runs(): Promise<Record<string, unknown>[]> {
  const { body } = await site.api.call('GET', `${PATH}/runs`, { as: 'admin' });
  return body['payload'] as Record<string, unknown>[];
}

/** As if HighLevel had changed it some minutes ago, and nothing had come of it. */
function changedAgo(
  minutes: number,
  contact: HighLevelContact,
  changes: Partial<HighLevelContact> = {},
): void {
  const { contacts } = site.connections.simulator;
  contacts.remove(contact);
  contacts.add({
    ...contact,
    ...changes,
    dateUpdated: new Date(Date.now() - minutes * MINUTE_MS).toISOString(),
  });
}

const names = async (): Promise<string[]> => (await site.contacts()).map(({ name }) => name);

describe('the poll for changes', () => {
  beforeEach(rest);

  it('brings what lost webhooks would have told, and reports it', async () => {
    const [first, second] = site.seed(2);
    for (const contact of [first!, second!]) changedAgo(4, contact);
    await run();
    await database.query('truncate ghl.reconciliation_runs');
    changedAgo(3, first!, { firstName: 'Changed' });
    const [third] = site.seed(1);
    changedAgo(2, third!);
    await run();
    expect((await names()).sort()).toEqual(['Changed N0', 'Person N1', 'Person N2']);
    expect(await runs()).toMatchObject([
      { kind: 'changes', reason: 'schedule', requests: 1, looked_at: 3, created: 1, updated: 1, archived: 0 },
    ]);
  });

  it('counts nothing as lost whose event may be on its way', async () => {
    site.seed(2);
    await run();
    expect(await names()).toHaveLength(2);
    expect(await runs()).toEqual([]);
  });

  it('sends nothing back', async () => {
    site.seed(2);
    await run();
    expect(await database.query('select from ghl.outbox')).toEqual([]);
  });

  it('goes on from where both sides agreed last, with an overlap', async () => {
    const [old, recent] = site.seed(2);
    changedAgo(30, old!);
    changedAgo(4, recent!);
    await run();
    expect(await names()).toEqual(['Person N1']);
    await database.query(`update ghl.reconciliations set agreed_until = now() - interval '28 minutes'`);
    await run();
    expect(await names()).toEqual(['Person N1', 'Person N0']);
  });

  it('takes a request for 500 contacts', async () => {
    site.seed(1_001);
    await run();
    expect(searches()).toBe(3);
    expect(await site.contacts()).toHaveLength(1_001);
  });

  it('leaves what was changed here meanwhile to the merge', async () => {
    const [contact] = site.seed(1);
    changedAgo(4, contact!);
    await run();
    await database.query(`update contacts set additional_attributes = '{"city": "Oslo"}'`);
    changedAgo(2, contact!, { lastName: 'Married' });
    await run();
    expect(
      await database.query(`select name, additional_attributes ->> 'city' as city from contacts`),
    ).toEqual([{ name: 'Person Married', city: 'Oslo' }]);
  });

  it('looks at the time of an outage at once', async () => {
    const [contact] = site.seed(1);
    changedAgo(30, contact!);
    await database.query(
      `insert into ghl.reconcile_requests (reason, from_at, to_at)
       values ('intake_outage', now() - interval '40 minutes', now() - interval '20 minutes')`,
    );
    await look();
    await eventually(async () => expect(await names()).toEqual(['Person N0']));
    await eventually(async () =>
      expect(await runs()).toMatchObject([{ reason: 'intake_outage', created: 1 }]),
    );
    expect(await database.query('select from ghl.reconcile_requests where taken_at is null')).toEqual([]);
    expect((await row('changes')).agreed_until.getTime()).toBeGreaterThan(Date.now() - MINUTE_MS);
  });

  it('looks once more at an outage that was recorded while it ran', async () => {
    const [contact] = site.seed(1);
    changedAgo(30, contact!);
    site.connections.simulator.faults.add({
      kind: 'delay',
      path: '/contacts/search',
      delayMs: 300,
      times: 1,
    });
    await due('changes');
    await look();
    await database.query(
      `insert into ghl.reconcile_requests (reason, from_at, to_at)
       values ('intake_outage', now() - interval '40 minutes', now() - interval '20 minutes')`,
    );
    await look();
    await eventually(async () => expect((await row('changes')).lease_token).toBeNull());
    expect(await names()).toEqual([]);
    await look();
    await eventually(async () => expect(await names()).toEqual(['Person N0']));
  });

  it('waits when HighLevel fails, and then goes on after the last page', async () => {
    const people = site.seed(501);
    for (const [n, person] of people.entries()) changedAgo(4 - n / 501, person);
    site.connections.simulator.faults.add({
      kind: 'status',
      path: '/contacts/search',
      status: 503,
      times: 1,
      skip: 1,
    });
    await due('changes');
    await look();
    await eventually(async () =>
      expect((await row('changes')).last_error).toContain('highlevel.unavailable'),
    );
    expect(await site.contacts()).toHaveLength(500);
    expect((await row('changes')).due_at.getTime()).toBeLessThan(Date.now() + MINUTE_MS);
    await run();
    expect(await site.contacts()).toHaveLength(501);
    expect((await row('changes')).last_error).toBeNull();
  });

  it('may lose its worker: the next one goes on', async () => {
    const people = site.seed(600);
    for (const [n, person] of people.entries()) changedAgo(4 - n / 600, person);
    site.connections.simulator.faults.add({
      kind: 'delay',
      path: '/contacts/search',
      delayMs: 700,
      times: 100,
    });
    await due('changes');
    const worker = await WorkerProcess.start(database.url, site.connections, ENCRYPTION);
    await eventually(async () => expect((await site.contacts()).length).toBeGreaterThan(0), 20_000);
    await worker.kill();
    await look();
    expect((await row('changes')).lease_token).not.toBeNull(); // its lease still runs
    site.connections.simulator.faults.clear();
    await database.query('update ghl.reconciliations set lease_until = now()');
    await look();
    await eventually(async () => expect(await site.contacts()).toHaveLength(600), 20_000);
  });

  it('goes on without the contact that cannot be stored', async () => {
    site.seed(3);
    await database.query(
      `create function refuse() returns trigger language plpgsql as $$
       begin
         if new.email = 'person.1@example.test' then raise exception 'no' using errcode = '22001'; end if;
         return new;
       end $$;
       create trigger refuse before insert on contacts for each row execute function refuse()`,
    );
    try {
      await run();
    } finally {
      await database.query('drop function refuse cascade');
    }
    expect((await names()).sort()).toEqual(['Person N0', 'Person N2']);
    expect(await runs()).toMatchObject([{ refused: 1 }]);
  });

  it('asks nothing of a connection that is not well, and catches up when it is', async () => {
    await database.query(`update ghl.connections set state = 'reauthorization_required'`);
    await due('changes', '1 hour');
    const [contact] = site.seed(1);
    changedAgo(30, contact!);
    const before = searches();
    await look();
    expect(searches()).toBe(before);
    await database.query(`update ghl.connections set state = 'connected'`);
    await look();
    await eventually(async () => expect(await names()).toEqual(['Person N0']));
  });

  it('after a disconnect and a reconnect goes on from where both sides agreed', async () => {
    await due('changes', '1 hour');
    await database.query('delete from integrations_hooks where id = $1', [hookId]);
    const [contact] = site.seed(1);
    changedAgo(30, contact!);
    await look();
    expect(await names()).toEqual([]);
    await site.connections.connect({ hooks: site.api.hooks });
    await look();
    await eventually(async () => expect(await names()).toEqual(['Person N0']));
  });
});

describe('the sweep for deletions', () => {
  const deleted = (): Promise<{ name: string }[]> =>
    database.query(
      `select name from contacts where custom_attributes ->> 'ghl_deleted' = 'true' order by name`,
    );

  beforeEach(async () => {
    await rest();
    site.seed(4);
    await run();
    await database.query(`update ghl.contact_links set updated_at = now() - interval '1 minute'`);
  });

  it('archives whom HighLevel has no more, and reports it', async () => {
    const [first, , third] = site.there();
    site.connections.simulator.contacts.remove(first!);
    site.connections.simulator.contacts.remove(third!);
    await run('deletions');
    expect(await deleted()).toEqual([{ name: 'Person N0' }, { name: 'Person N2' }]);
    expect(await runs()).toMatchObject([{ kind: 'deletions', looked_at: 2, archived: 2, requests: 1 + 2 }]);
    expect(await database.query('select from ghl.sighted_contacts')).toEqual([]);
    expect(await database.query('select from ghl.outbox')).toEqual([]);
    await run('deletions');
    expect(await runs()).toHaveLength(1);
  });

  it('leaves who is merely not found by the search', async () => {
    site.connections.simulator.settings.change({ searchLagMs: 60_000 });
    try {
      await run('deletions');
    } finally {
      site.connections.simulator.settings.change({ searchLagMs: 0 });
    }
    expect(await deleted()).toEqual([]);
    expect(site.connections.simulator.requests.count('GET', `/contacts/${site.there()[0]!.id}`)).toBe(1);
  });

  it('asks for nobody whom it saw, nor who was linked since it began, nor who is deleted on both sides', async () => {
    const [first, second] = site.there();
    await database.query(
      `update ghl.contact_links set updated_at = now() + interval '1 minute' where ghl_contact_id = $1`,
      [first!.id],
    );
    await database.query(`update ghl.contact_links set local_deleted_at = now() where ghl_contact_id = $1`, [
      second!.id,
    ]);
    for (const contact of [first!, second!]) site.connections.simulator.contacts.remove(contact);
    site.connections.simulator.requests.clear();
    await run('deletions');
    expect(site.connections.simulator.requests.list().map(({ path }) => path)).toEqual(['/contacts/search']);
    expect(await deleted()).toEqual([]);
  });

  it('takes a request for 500 contacts, and goes on where it was when HighLevel failed', async () => {
    site.seed(600);
    const [first] = site.there();
    site.connections.simulator.contacts.remove(first!);
    site.connections.simulator.requests.clear();
    site.connections.simulator.faults.add({
      kind: 'status',
      path: '/contacts/search',
      status: 503,
      times: 1,
      skip: 1,
    });
    await due('deletions');
    await look();
    await eventually(async () =>
      expect((await row('deletions')).last_error).toContain('highlevel.unavailable'),
    );
    expect(await database.query('select from ghl.sighted_contacts')).toHaveLength(500);
    await run('deletions');
    expect(await deleted()).toEqual([{ name: 'Person N0' }]);
    expect(searches()).toBe(2 + 1);
  });
});

describe('the API', () => {
  it('shows until when both sides agree, and takes the wish for a run now', async () => {
    expect((await site.api.call('GET', PATH, { as: 'admin' })).body).toEqual({ payload: [] });
    const { status, body } = await site.api.call('POST', PATH, { as: 'admin', body: { kind: 'deletions' } });
    expect(status).toBe(200);
    expect(body['payload']).toMatchObject([
      { location_id: site.location.id, kind: 'changes', running: false, finished_at: null, last_error: null },
      { location_id: site.location.id, kind: 'deletions', running: false, finished_at: null },
    ]);
    await look();
    await eventually(async () =>
      expect(await runs()).toMatchObject([{ kind: 'deletions', reason: 'request', created: 0 }]),
    );
    expect(
      await database.query(
        `select action, details from ghl.audit_events where action like 'reconciliation%'`,
      ),
    ).toEqual([{ action: 'reconciliation.request', details: { kind: 'deletions' } }]);
  });

  it.each([
    [{ kind: 'everything' }, 422, 'validation_failed'],
    [{ location: 'x' }, 422, 'validation_failed'],
    [{ location_id: 'elsewhere' }, 404, 'not_connected'],
  ])('refuses %j', async (body, status, code) => {
    expect(await site.api.call('POST', PATH, { as: 'admin', body })).toMatchObject({
      status,
      body: { code },
    });
  });

  it('is for administrators of the account', async () => {
    for (const as of ['agent', 'stranger'] as const)
      expect((await site.api.call('GET', PATH, { as })).status).toBe(401);
    expect((await site.api.call('GET', `${PATH}/runs`)).status).toBe(401);
  });

  it('pages through the runs', async () => {
    await database.query(
      `insert into ghl.reconciliation_runs (account_id, location_id, kind, reason, agreed_from, began_at, counts)
       select case when n = 3 then 2 else 1 end, 'Loc', 'changes', 'schedule', now(), now(),
              '{"requests":1,"lookedAt":1,"created":1,"updated":0,"archived":0,"refused":0,"conflicts":0}'
         from generate_series(1, 4) n`,
    );
    const first = await site.api.call('GET', `${PATH}/runs?limit=2`, { as: 'admin' });
    expect(first.body).toMatchObject({ payload: [{ id: 4 }, { id: 2 }], meta: { next_before: 2 } });
    const second = await site.api.call('GET', `${PATH}/runs?limit=2&before=2`, { as: 'admin' });
    expect(second.body).toMatchObject({ payload: [{ id: 1 }], meta: { next_before: null } });
  });
});
