import { type EntityManager, type QueryRunner } from 'typeorm';
import { useDatabase } from '../harness/database.js';
import { TwoSides } from './two-sides.js';
import { untilBlocked } from '../harness/until-blocked.js';

/** As in libs/contact-sync/contact-links.ts. */
const GATE_LOCK = 0x67686c17;
const GATES = [0, 1, 2];

describe('contacts of HighLevel that are applied together', () => {
  const db = useDatabase();
  let sides: TwoSides;
  let pages: QueryRunner;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(async () => {
    pages = db.source.createQueryRunner();
    await pages.startTransaction();
    for (const gate of GATES) await pages.query('select pg_advisory_xact_lock($1, $2)', [GATE_LOCK, gate]);
  });
  afterEach(async () => {
    if (pages.isTransactionActive) await pages.rollbackTransaction();
    await pages.release();
  });

  /** So many of whom nobody here has heard: nothing is written. */
  async function apply(manager: EntityManager, count: number): Promise<void> {
    const events = Array.from({ length: count }, (_, index) =>
      sides.event({ type: 'ContactDelete', id: `Con${String(index).padStart(17, '0')}` }, null),
    );
    await sides.contactSync.applyEvents(manager, sides.hook, events);
  }

  it('wait as a page while as many pages as PostgreSQL has room for are being written', async () => {
    const page = db.source.transaction((manager) => apply(manager, 251));
    await untilBlocked(db);
    await pages.commitTransaction();
    await page;
  });

  it.each(GATES)('take the one gate that is open (%i)', async (open) => {
    await pages.rollbackTransaction();
    await pages.startTransaction();
    for (const gate of GATES)
      if (gate !== open) await pages.query('select pg_advisory_xact_lock($1, $2)', [GATE_LOCK, gate]);
    await db.source.transaction((manager) => apply(manager, 251));
  });

  it('wait for no page as a batch of events', async () => {
    await db.source.transaction((manager) => apply(manager, 250));
  });

  it('take a lock each, and one for the page', async () => {
    await pages.commitTransaction();
    await db.source.transaction(async (manager) => {
      await apply(manager, 500);
      const rows = await manager.query<{ locks: number }[]>(
        `select count(*)::int as locks from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
      );
      expect(rows).toEqual([{ locks: 501 }]);
    });
  });
});
