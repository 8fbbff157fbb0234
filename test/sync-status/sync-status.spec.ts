import { ContactSyncWorkerModule } from '#libs/contact-sync';
import { ImportRunner, ImportsModule, ImportsWorkerModule } from '#libs/imports';
import { SyncStatusModule } from '#libs/sync-status';
import { useDatabase } from '../harness/database.js';
import { empty } from '../harness/empty.js';
import { eventually } from '../harness/eventually.js';
import { LocationFixture } from '../integrations/location-fixture.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/sync';
const IMPORTS = '/api/v1/accounts/1/integrations/ghl/imports';

interface Point {
  readonly at: string;
  readonly in: number;
  readonly out: number;
}
interface Overview {
  readonly health: string;
  readonly in: Record<string, unknown>;
  readonly out: Record<string, unknown>;
  readonly open_matches: number;
  readonly throughput: { readonly hours: Point[]; readonly days: Point[] };
  readonly rate_budgets: Record<string, unknown>[];
  readonly drift: Record<string, unknown>;
  readonly activity: Record<string, unknown>[];
}

const database = useDatabase();
let site: LocationFixture;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [SyncStatusModule, ImportsModule],
    worker: [ContactSyncWorkerModule, ImportsWorkerModule],
  });
});
beforeEach(async () => {
  hookId = await site.reset();
  await empty(database.source, ['ghl.sync_counts', 'ghl.inbox', 'ghl.outbox', 'ghl.ambiguous_matches']);
});
afterAll(() => site.stop());

async function overview(query = ''): Promise<Overview> {
  const { status, body } = await site.api.call('GET', PATH + query, { as: 'admin' });
  expect(status).toBe(200);
  return body['payload'] as Overview;
}

async function bringOver(contacts: number): Promise<void> {
  site.seed(contacts);
  const { body } = await site.api.call('POST', IMPORTS, { as: 'admin', body: {} });
  const { id } = body['payload'] as { id: number };
  await eventually(async () => {
    await site.worker.get(ImportRunner).runOnSchedule();
    const answer = await site.api.call('GET', `${IMPORTS}/${id}`, { as: 'admin' });
    expect(answer.body['payload']).toMatchObject({ state: 'completed' });
  });
}

/** @param age how long ago it came */
async function event(state: string, age = '0', entity = 'contact:C'): Promise<void> {
  await database.query(
    `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state, received_at,
                            lease_until)
     values (gen_random_uuid()::text, 'ContactUpdate', 1, $1, $2, $3, '{}', $4, now() - $5::interval,
             case when $4 = 'processing' then now() + interval '1 hour' end)`,
    [hookId, site.location.id, entity, state, age],
  );
}

/** A change that was given up. */
async function deadPush(contactId: number, finishedAt: string): Promise<void> {
  await database.query(
    `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state, finished_at)
     values (1, $1, $2, 'push', 'dead', $3)`,
    [hookId, contactId, finishedAt],
  );
}

describe('health', () => {
  it('is in sync where nothing waits', async () => {
    await event('done');
    expect(await overview()).toMatchObject({
      health: 'in_sync',
      in: { pending: 0, failed: 0, dead: 0, oldest_at: null, lag_seconds: 0 },
      out: { pending: 0, failed: 0, dead: 0, oldest_at: null, lag_seconds: 0 },
      open_matches: 0,
      drift: { found: 0 },
    });
  });

  it('says how many wait, and for how long', async () => {
    for (const age of ['90 seconds', '10 seconds']) await event('pending', age);
    await event('processing');
    const { health, in: arriving } = await overview();
    expect(health).toBe('pending');
    expect(arriving).toMatchObject({ pending: 3, failed: 0 });
    expect(arriving['lag_seconds']).toBeGreaterThanOrEqual(90);
  });

  it('asks for a person where something was given up', async () => {
    await event('pending');
    await event('dead');
    await event('failed');
    expect(await overview()).toMatchObject({ health: 'failed', in: { pending: 1, failed: 1, dead: 1 } });
  });

  it('counts a push that was given up until both sides agree again', async () => {
    await bringOver(2);
    const [one, other] = await site.contacts();
    await deadPush(one!.id, '2026-01-01T00:00:00Z');
    expect(await overview()).toMatchObject({ health: 'in_sync', out: { dead: 0 } });
    await deadPush(other!.id, '2100-01-01T00:00:00Z');
    expect(await overview()).toMatchObject({ health: 'failed', out: { dead: 1 } });
  });

  it('is paused where the connection is not well, whatever else there is', async () => {
    await event('dead');
    await database.query(`update ghl.connections set state = 'suspended' where hook_id = $1`, [hookId]);
    expect((await overview()).health).toBe('paused');
  });

  it('stops counting at 1,000', async () => {
    await database.query(
      `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state)
       select 'many' || n, 'ContactUpdate', 1, $1, 'Loc', 'contact:C', '{}', state
         from generate_series(1, 1500) n, unnest(array['pending', 'dead']) state
       on conflict do nothing`,
      [hookId],
    );
    await database.query(
      `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state)
       select 'more' || n, 'ContactUpdate', 1, $1, 'Loc', 'contact:C', '{}', 'dead' from generate_series(1, 1500) n`,
      [hookId],
    );
    expect(await overview()).toMatchObject({ count_limit: 1_000, in: { pending: 1_000, dead: 1_000 } });
  });

  it('is not connected where no location is', async () => {
    await empty(database.source, ['integrations_hooks', 'ghl.connections']);
    expect(await overview()).toMatchObject({ health: 'not_connected', rate_budgets: [] });
  });
});

describe('throughput', () => {
  it('counts contacts as they are brought over, each way', async () => {
    await bringOver(7);
    const { throughput } = await overview();
    expect(throughput.hours).toHaveLength(24);
    expect(throughput.days).toHaveLength(30);
    // An hour may have ended meanwhile.
    const lately = throughput.hours.slice(-2);
    expect(lately.reduce((sum, point) => sum + point.in, 0)).toBe(7);
    expect(throughput.days.reduce((sum, point) => sum + point.in, 0)).toBe(7);
    expect(throughput.days.every(({ out }) => out === 0)).toBe(true);
  });

  it('counts nothing for contacts that were equal', async () => {
    await bringOver(3);
    await bringOver(0);
    const { throughput } = await overview();
    expect(throughput.days.reduce((sum, point) => sum + point.in, 0)).toBe(3);
  });

  it("begins a day where the viewer's begins", async () => {
    const { throughput } = await overview('?time_zone=America%2FSao_Paulo');
    const hours = throughput.days.map(({ at }) => new Date(at).getUTCHours());
    expect(new Set(hours)).toEqual(new Set([3]));
    expect((await overview()).throughput.days[29]?.at).toMatch(/T00:00:00\.000Z$/);
  });

  it('adds up what several workers counted, and nothing of other accounts or older days', async () => {
    await database.query(
      `insert into ghl.sync_counts (account_id, hour, direction, shard, contacts)
       values (1, date_trunc('hour', now(), 'UTC'), 'in', 0, 5), (1, date_trunc('hour', now(), 'UTC'), 'in', 1, 6),
              (1, date_trunc('hour', now(), 'UTC'), 'out', 0, 2), (2, date_trunc('hour', now(), 'UTC'), 'in', 0, 100),
              (1, date_trunc('hour', now(), 'UTC') - interval '31 days', 'in', 0, 100)`,
    );
    const { throughput } = await overview();
    expect(throughput.hours.at(-1)).toMatchObject({ in: 11, out: 2 });
    expect(throughput.days.reduce((sum, point) => sum + point.in, 0)).toBe(11);
  });

  it('refuses a time zone that is none', async () => {
    for (const zone of ['Mars/Olympus', '+03:00', '']) {
      const { status, body } = await site.api.call('GET', `${PATH}?time_zone=${encodeURIComponent(zone)}`, {
        as: 'admin',
      });
      expect([status, body['code']]).toEqual([422, 'validation_failed']);
    }
  });
});

describe('what is shown beside', () => {
  it('names the contact of what came and of what went, newest first', async () => {
    await bringOver(1);
    const [contact] = await site.contacts();
    await event('done', '1 minute', `contact:${contact!.ghl_contact_id}`);
    await deadPush(contact!.id, new Date().toISOString());
    expect((await overview()).activity).toMatchObject([
      {
        direction: 'out',
        type: 'push',
        state: 'dead',
        contact_name: 'Person N0',
        location_id: site.location.id,
      },
      {
        direction: 'in',
        type: 'ContactUpdate',
        state: 'done',
        contact_name: 'Person N0',
        contact_id: contact!.id,
      },
    ]);
  });

  it('tells what is left of the rate budget of each location', async () => {
    await database.query(`update ghl.connections set location_name = 'Harbour Dental'`);
    const [budget] = (await overview()).rate_budgets;
    expect(budget).toMatchObject({
      location_id: site.location.id,
      location_name: 'Harbour Dental',
      limit: 100,
      left: 100,
      interval_ms: 10_000,
    });
  });

  it('counts what reconciliations had to mend', async () => {
    await database.query(
      `insert into ghl.reconciliation_runs (account_id, location_id, kind, reason, agreed_from, began_at, finished_at, counts)
       select 1, 'Loc', 'changes', 'schedule', now(), now(), now() - make_interval(days => days),
              '{"requests":1,"lookedAt":9,"created":2,"updated":3,"archived":1,"refused":0,"conflicts":0}'
         from unnest(array[0, 40]) days`,
    );
    expect((await overview()).drift).toMatchObject({ found: 6 });
  });
});
