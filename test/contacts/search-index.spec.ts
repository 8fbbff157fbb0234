import { ContactStore, SearchIndex } from '#libs/contacts';
import { useDatabase } from '../harness/database.js';

/** Three eighths of a contact for each of the 4,096 KB that PostgreSQL leaves by default. */
const CONTACTS = 1_536;
const INDEX = 'index_contacts_on_name_email_phone_number_identifier';

describe('the index by which DeskFlow searches contacts', () => {
  const db = useDatabase();
  let index: SearchIndex;

  beforeEach(async () => {
    index = new SearchIndex(db.source);
    await seed();
  });

  async function seed(): Promise<void> {
    await db.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       select 1, 'Person ' || n, gen_random_uuid() || '@example.test', now(), now()
         from generate_series(1, $1::int) n`,
      [CONTACTS],
    );
  }

  /** Pages of contacts that were not merged yet; they are now. */
  async function waiting(): Promise<number> {
    const [row] = await db.query<{ pages: string }>(`select gin_clean_pending_list('${INDEX}') as pages`);
    return Number(row?.pages);
  }

  it('gets new contacts merged when there are many, however few came at a time', async () => {
    for (let grown = 0; grown < CONTACTS; grown += 256) index.written(256);
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBe(0);
  });

  it('is left alone while there are few', async () => {
    index.written(CONTACTS - 1);
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBeGreaterThan(0);
  });

  it('gets few merged, too, after a while', async () => {
    index.written(1);
    index.mergeTheRest();
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBe(0);
  });

  it('gets merged what the service inserts and changes', async () => {
    const store = new ContactStore(index);
    const contact = await store.insert(db.source.manager, 1, { name: 'Mara' });
    index.mergeTheRest();
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBe(0);
    await store.update(db.source.manager, contact, { name: 'Maria' });
    index.mergeTheRest();
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBe(0);
  });

  it('is left alone when there are none', async () => {
    index.mergeTheRest();
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBeGreaterThan(0);
  });

  /** Whether so many new contacts are merged at once, and no fewer. */
  async function areMergedAtOnce(count: number): Promise<boolean> {
    await seed();
    index.written(count - 1);
    await index.beforeApplicationShutdown();
    const waited = (await waiting()) > 0;
    await seed();
    index.written(1);
    await index.beforeApplicationShutdown();
    return waited && (await waiting()) === 0;
  }

  describe('gets the more merged at a time, the more PostgreSQL lets wait', () => {
    beforeEach(async () => {
      index.written(CONTACTS); // asks for it
      await index.beforeApplicationShutdown();
    });

    it('by its setting', async () => {
      const setting = await db.query(`select current_setting('gin_pending_list_limit') as room`);
      expect(setting).toEqual([{ room: '32MB' }]);
      expect(await areMergedAtOnce(8 * CONTACTS)).toBe(true);
    });

    it('by that of the index, if it has one', async () => {
      await db.query(`alter index ${INDEX} set (gin_pending_list_limit = 8192)`);
      try {
        index.written(8 * CONTACTS);
        await index.beforeApplicationShutdown();
        expect(await areMergedAtOnce(2 * CONTACTS)).toBe(true);
      } finally {
        await db.query(`alter index ${INDEX} reset (gin_pending_list_limit)`);
      }
    });
  });
});
