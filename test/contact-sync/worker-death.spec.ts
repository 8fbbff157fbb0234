import { type QueryRunner } from 'typeorm';
import { useDatabase } from '../harness/database.js';
import { TwoSides } from './two-sides.js';
import { untilBlocked } from '../harness/until-blocked.js';
import { WorkerProcess } from './worker-process.js';

/** Time for a worker to start on a busy machine and to come as far as the test wants it. */
const PATIENCE_MS = 60_000;

describe('a worker killed after HighLevel answered and before its own commit', () => {
  const db = useDatabase();
  let sides: TwoSides;
  let worker: WorkerProcess;
  let blocker: QueryRunner;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(async () => {
    await sides.reset();
    blocker = db.source.createQueryRunner();
  });
  afterEach(async () => {
    await worker.kill();
    await blocker.release();
  });

  /** Lets the worker come to its commit, and no further; kills it there. */
  async function killAtCommit(): Promise<void> {
    await blocker.startTransaction();
    await blocker.query('lock table ghl.contact_links in exclusive mode'); // reading goes on
    worker = await WorkerProcess.start(db.url, sides);
    await untilBlocked(db, PATIENCE_MS);
    await worker.kill();
    await blocker.rollbackTransaction();
  }

  const leaseRunsOut = (): Promise<unknown> =>
    db.query(`update ghl.outbox set lease_until = now() where state = 'processing'`);

  it('leaves a new contact to the next one, and HighLevel with one copy', async () => {
    const email = 'killed@example.test';
    await db.query(
      `insert into contacts (account_id, name, email, created_at, updated_at) values (1, 'Mara', $1, now(), now())`,
      [email],
    );
    await killAtCommit();
    expect(sides.simulator.requests.count('POST', '/contacts/upsert')).toBe(1);
    expect(await sides.links()).toEqual([]);
    expect(await sides.outbox()).toMatchObject([{ state: 'processing', attempts: 1 }]);

    await sides.push();
    expect(sides.simulator.requests.count('POST', '/contacts/upsert')).toBe(1); // the lease still runs
    await leaseRunsOut();
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'done', attempts: 2 }]);
    const copies = sides.simulator.contacts.list(sides.locationId).filter((it) => it.email === email);
    expect(copies).toHaveLength(1);
    expect(await sides.contacts()).toHaveLength(1);
    expect(await sides.links()).toMatchObject([{ ghlContactId: copies[0]?.id }]);
  });

  it('loses no change that was made after it had read the contact', async () => {
    const ghlId = await sides.createThere({ firstName: 'Mara', email: 'edited@example.test' });
    await sides.deliver();
    sides.simulator.requests.clear();
    await db.query(`update contacts set name = 'Maria'`);
    await killAtCommit();
    await db.query(`update contacts set name = 'Marie'`);
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria' });

    await leaseRunsOut();
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Marie' });
    expect(await sides.contacts()).toMatchObject([{ name: 'Marie' }]);
    expect((await sides.outbox()).map(({ state }) => state)).toEqual(['done', 'done']);
  });

  it('may be told of its own work by an event before the next one takes over', async () => {
    const email = 'echoed@example.test';
    await db.query(
      `insert into contacts (account_id, name, email, created_at, updated_at) values (1, 'Mara', $1, now(), now())`,
      [email],
    );
    await killAtCommit();
    expect(await sides.deliver()).toMatchObject([{ outcome: 'applied' }]); // links it
    sides.simulator.requests.clear();
    await leaseRunsOut();
    await sides.settle();
    expect(sides.writes).toBe(0);
    expect(await sides.outbox()).toMatchObject([{ state: 'done', reason: 'unchanged' }]);
    expect(await sides.contacts()).toHaveLength(1);
  });
});
