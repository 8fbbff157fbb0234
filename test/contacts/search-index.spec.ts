import { SearchIndex } from '#libs/contacts';
import { useDatabase } from '../harness/database.js';

const CONTACTS = 1_500;

describe('the index by which DeskFlow searches contacts', () => {
  const db = useDatabase();

  beforeEach(() =>
    db.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       select 1, 'Person ' || n, gen_random_uuid() || '@example.test', now(), now()
         from generate_series(1, $1::int) n`,
      [CONTACTS],
    ),
  );

  /** Pages of contacts that were not merged yet; they are now. */
  async function waiting(): Promise<number> {
    const [row] = await db.query<{ pages: string }>(
      `select gin_clean_pending_list('index_contacts_on_name_email_phone_number_identifier') as pages`,
    );
    return Number(row?.pages);
  }

  it('gets new contacts merged when there are many, however few came at a time', async () => {
    const index = new SearchIndex(db.source);
    for (let grown = 0; grown < CONTACTS; grown += 250) index.grew(250);
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBe(0);
  });

  it('is left to PostgreSQL while there are few', async () => {
    const index = new SearchIndex(db.source);
    index.grew(CONTACTS - 1);
    await index.beforeApplicationShutdown();
    expect(await waiting()).toBeGreaterThan(0);
  });
});
