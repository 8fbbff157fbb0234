import { DataSource } from 'typeorm';
import { ContactSyncWorkerModule, OutboundProcessor } from '#libs/contact-sync';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { holdCall } from '../harness/held-call.js';
import { type Statement, statementsOf } from '../harness/statements.js';
import { LocationFixture } from '../integrations/location-fixture.js';

/** More than two claims. */
const CONTACTS = 120;
const MANY = 4_000;

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

/** The trigger queues them. */
async function addContacts(count: number): Promise<void> {
  await database.query(
    `insert into contacts (account_id, name, email, created_at, updated_at)
     select 1, 'Person ' || n, gen_random_uuid() || '@example.test', now(), now() from generate_series(1, $1) n`,
    [count],
  );
}

/** The statement that takes work, as the processor sends it. */
async function claimStatement(): Promise<Statement> {
  await addContacts(1);
  const statements = await statementsOf(site.worker.get(DataSource), () =>
    site.worker.get(OutboundProcessor).work({ data: { hookId } }),
  );
  return statements.find(({ text }) => text.includes('ghl.outbox') && text.includes('skip locked'))!;
}

/** Blocks of memory that PostgreSQL looks at for it; nothing is taken. */
async function blocksOf({ text, parameters }: Statement): Promise<number> {
  const runner = database.source.createQueryRunner();
  await runner.startTransaction();
  const [{ 'QUERY PLAN': plans }] = (await runner.query(
    `explain (analyze, buffers, format json) ${text}`,
    parameters,
  )) as [{ 'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }] }];
  await runner.rollbackTransaction();
  await runner.release();
  return plans[0].Plan['Shared Hit Blocks'] + plans[0].Plan['Shared Read Blocks'];
}

describe('a backlog of pushes', () => {
  it('is claimed at the same cost however long it is, also where PostgreSQL has never analyzed the tables', async () => {
    const claim = await claimStatement();
    await addContacts(MANY / 10);
    const short = await blocksOf(claim);
    await addContacts(MANY);
    expect(await blocksOf(claim)).toBeLessThan(2 * short);
  });

  it('does not wait for the slowest call, and sends each contact once', async () => {
    await addContacts(CONTACTS);
    const { simulator } = site.connections;
    const slow = holdCall(simulator.faults, { path: '/contacts/upsert' });
    simulator.requests.clear();
    const working = site.worker.get(OutboundProcessor).work({ data: { hookId } });
    await eventually(async () => expect(await inState('done')).toBe(CONTACTS - 1));
    expect(await inState('processing')).toBe(1);
    slow.letGo();
    await working;
    expect(await inState('done')).toBe(CONTACTS);
    expect(simulator.requests.count('POST', '/contacts/upsert')).toBe(CONTACTS);
    expect(site.there()).toHaveLength(CONTACTS);
  });
});
