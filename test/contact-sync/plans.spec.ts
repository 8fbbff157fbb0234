import { useDatabase } from '../harness/database.js';
import { type Statement, statementsOf } from '../harness/statements.js';
import { ACCOUNT, TwoSides, uniqueEmail } from './two-sides.js';

const CONTACTS = 1_000_000;
/** Whoever reads one of these from end to end is slow by then. */
const LARGE = ['contacts', 'contact_links', 'outbox'];
/** Trigrams are for DeskFlow's search, which the sync does not use, and would take most of the time to fill. */
const TRIGRAMS = 'index_contacts_on_name_email_phone_number_identifier';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

const db = useDatabase();
let sides: TwoSides;

beforeAll(async () => {
  sides = await TwoSides.open(db.source);
  await fill();
}, 180_000);
afterAll(() => sides.close());

/** An account as large as any, all of it linked. */
async function fill(): Promise<void> {
  const indexes = await db.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
      where schemaname = 'public' and tablename = 'contacts' and indexname <> 'contacts_pkey'`,
  );
  await db.source.transaction(async (manager) => {
    await manager.query(`set local session_replication_role = replica`);
    await manager.query(`set local synchronous_commit = off`);
    for (const { name } of indexes) await manager.query(`drop index public.${name}`);
    await manager.query(
      `insert into contacts (account_id, name, email, phone_number, identifier, ghl_contact_id, additional_attributes,
                             custom_attributes, created_at, updated_at)
       select $1, 'Person ' || n, 'person' || n || '@many.example.test', '+1415' || 1000000 + n, 'ghl' || n, 'ghl' || n,
              '{}', '{}', now(), now()
         from generate_series(1, $2::int) n`,
      [ACCOUNT, CONTACTS],
    );
    await manager.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, snapshot)
       select account_id, $1, id, ghl_contact_id, '{}' from contacts`,
      [sides.locationId],
    );
    await manager.query(
      `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state, finished_at)
       select account_id, $1, id, 'push', 'done', now() from contacts where id % 4 = 0`,
      [sides.hook.id],
    );
    for (const { name, definition } of indexes) if (name !== TRIGRAMS) await manager.query(definition);
  });
  await db.query('analyze contacts');
  await db.query('analyze ghl.contact_links');
  await db.query('analyze ghl.outbox');
}

/** The large tables that a statement reads from end to end. */
async function readWhole({ text, parameters }: Statement): Promise<string[]> {
  const [{ 'QUERY PLAN': plans }] = await db.source.query<[{ 'QUERY PLAN': [{ Plan: Plan }] }]>(
    `explain (format json) ${text}`,
    parameters,
  );
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
  return nodes(plans[0].Plan)
    .filter((node) => node['Node Type'] === 'Seq Scan')
    .flatMap((node) => node['Relation Name'] ?? [])
    .filter((table) => LARGE.includes(table));
}

async function wholeTablesOf(work: () => Promise<unknown>): Promise<{ text: string; tables: string[] }[]> {
  const statements = (await statementsOf(db.source, work)).filter(({ text }) =>
    /^\s*(select|insert|update|delete|with)\b/i.test(text),
  );
  expect(statements.length).toBeGreaterThan(3);
  const found: { text: string; tables: string[] }[] = [];
  for (const statement of statements) {
    const tables = await readWhole(statement);
    if (tables.length > 0) found.push({ text: statement.text, tables });
  }
  return found;
}

describe('in an account of a million contacts nothing reads a table from end to end', () => {
  it('when HighLevel tells of new contacts, of changes and of deletions', async () => {
    const found = await wholeTablesOf(async () => {
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1)
        ids.push(await sides.createThere({ firstName: `New ${n}`, email: uniqueEmail(), tags: ['vip'] }));
      await sides.deliver();
      for (const id of ids) await sides.editThere(id, { city: 'Oslo', tags: ['lead'], email: uniqueEmail() });
      await sides.deliver();
      await sides.person('DELETE', ids[0]);
      await sides.deliver();
    });
    expect(found).toEqual([]);
  });

  it('when a newcomer is somebody DeskFlow knows', async () => {
    await db.query(`insert into contacts (account_id, name, email, created_at, updated_at)
                    values (1, 'Known', 'known@example.test', now(), now())`);
    await sides.push();
    const found = await wholeTablesOf(async () => {
      await sides.createThere({ firstName: 'Known', email: 'Known2@example.test', phone: '+4791234567' });
      await sides.createThere({ firstName: 'Unknown', email: 'PERSON7@many.example.test' });
      await sides.deliver();
    });
    expect(found).toEqual([]);
  });

  it('when DeskFlow changes, creates and deletes contacts', async () => {
    const ghlId = await sides.createThere({ firstName: 'Mara', email: uniqueEmail() });
    await sides.deliver();
    const [{ id }] = await db.source.query<[{ id: number }]>(
      'select contact_id as id from ghl.contact_links where location_id = $1 and ghl_contact_id = $2 and account_id = 1',
      [sides.locationId, ghlId],
    );
    const found = await wholeTablesOf(async () => {
      await sides.edit(id, { name: 'Changed' });
      await sides.label(id, ['vip']);
      const { id: newId } = await sides.create({ name: 'New', email: uniqueEmail() });
      await sides.push();
      await db.query('delete from contacts where id = $1', [newId]);
      await sides.push();
      await sides.deliver();
    });
    expect(found).toEqual([]);
  });
});
