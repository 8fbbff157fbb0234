import { ContactSyncWorkerModule, OutboundProcessor } from '#libs/contact-sync';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { LocationFixture } from '../integrations/location-fixture.js';

/** More than two claims. */
const CONTACTS = 60;
const SLOW_MS = 5_000;

const database = useDatabase();
let site: LocationFixture;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, { api: [], worker: [ContactSyncWorkerModule] });
});
beforeEach(async () => {
  hookId = await site.reset();
});
afterAll(() => site.stop());

async function inState(state: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from ghl.outbox where state = $1',
    [state],
  );
  return row!.count;
}

describe('a backlog of pushes', () => {
  it('does not wait for the slowest call, and sends each contact once', async () => {
    await database.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       select 1, 'Person ' || n, 'person.' || n || '@example.test', now(), now() from generate_series(1, $1) n`,
      [CONTACTS],
    );
    const { simulator } = site.connections;
    simulator.faults.add({ kind: 'delay', delayMs: SLOW_MS, path: '/contacts/upsert', times: 1 });
    simulator.requests.clear();
    const working = site.worker.get(OutboundProcessor).work({ data: { hookId } });
    await eventually(async () => expect(await inState('done')).toBe(CONTACTS - 1), SLOW_MS - 1_000);
    expect(await inState('processing')).toBe(1);
    await working;
    expect(await inState('done')).toBe(CONTACTS);
    expect(simulator.requests.count('POST', '/contacts/upsert')).toBe(CONTACTS);
    expect(site.there()).toHaveLength(CONTACTS);
  });
});
