import { HOOKS_AT_ONCE } from '#libs/queue';
import { eventually } from '../harness/eventually.js';
import { useDatabase } from '../harness/database.js';
import { connectedHook, forgetEverything, Worker } from './webhook-fixture.js';

const BACKLOG = 100_000;
const NEIGHBOURS = 12;
const EVENTS_EACH = 20;

const database = useDatabase();

afterEach(() => forgetEverything(database.source));

/** Events of contacts of their own, as the intake would have stored them. */
async function store(hookId: number, locationId: string, events: number): Promise<void> {
  await database.query(
    `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, event_at, body)
     select format('webhook:%s-%s', $1::text, n), 'ContactCreate', 1, $1::text::bigint, $2, format('contact:Con%sN%s', $1::text, n), now(),
            convert_to(json_build_object('type', 'ContactCreate', 'locationId', $2::text, 'firstName', 'P' || n,
                                         'id', format('Con%sN%s', $1::text, n))::text, 'UTF8')
       from generate_series(1, $3::int) as n`,
    [String(hookId), locationId, events],
  );
}

async function open(hookIds: readonly number[]): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*) from ghl.inbox where hook_id = any($1::bigint[]) and state not in ('done', 'ignored')`,
    [hookIds],
  );
  return row?.count ?? 0;
}

/** As many more with a lot to do as one process works on at a time. */
async function busyOthers(): Promise<void> {
  for (let n = 0; n < HOOKS_AT_ONCE; n += 1) {
    const locationId = `LocBusy${n}`;
    await store(await connectedHook(database.source, { locationId, isDefault: false }), locationId, 10_000);
  }
}

describe('a location with 100,000 events that wait', () => {
  it('does not starve the others', async () => {
    const large = await connectedHook(database.source, { locationId: 'LocLarge' });
    await store(large, 'LocLarge', BACKLOG);
    await busyOthers();
    await database.query('analyze ghl.inbox');
    const worker = await Worker.start(database.url);
    try {
      await worker.sweep();
      await eventually(async () => expect(await open([large])).toBeLessThan(BACKLOG));

      const neighbours: number[] = [];
      for (let n = 0; n < NEIGHBOURS; n += 1) {
        const locationId = `LocSmall${n}`;
        const hookId = await connectedHook(database.source, { locationId, isDefault: false });
        await store(hookId, locationId, EVENTS_EACH);
        neighbours.push(hookId);
      }
      const before = await open([large]);
      await worker.sweep();
      await eventually(async () => expect(await open(neighbours)).toBe(0), 20_000);
      // Together they got 240 events done; the large one, which never stopped, no more than a few turns.
      const meanwhile = before - (await open([large]));
      expect(meanwhile).toBeLessThan(BACKLOG / 10);
    } finally {
      await worker.stop();
    }
  });

  it('goes on itself, however many others have work', async () => {
    const large = await connectedHook(database.source, { locationId: 'LocLarge' });
    await store(large, 'LocLarge', 2_000);
    const others: number[] = [];
    for (let n = 0; n < NEIGHBOURS; n += 1) {
      const locationId = `LocSmall${n}`;
      const hookId = await connectedHook(database.source, { locationId, isDefault: false });
      await store(hookId, locationId, EVENTS_EACH);
      others.push(hookId);
    }
    const worker = await Worker.start(database.url);
    try {
      await worker.sweep();
      await eventually(async () => expect(await open([large, ...others])).toBe(0), 20_000);
    } finally {
      await worker.stop();
    }
  });
});
