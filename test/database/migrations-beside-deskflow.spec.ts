import { runMigrations } from '#libs/database';
import { useEmptyDatabase } from '../harness/database.js';
import { MIGRATION_COUNT, revertAll, undoUntilBefore } from './revert-all.js';
import { createDeskFlowTables, inventory } from './schema.js';

/** All that comes to DeskFlow's schema: `kind schema.name`. */
const ADDED = [
  'column public.contacts.ghl_contact_id',
  'column public.users.ghl_user_id',
  'index public.index_contacts_on_account_id_and_ghl_contact_id',
  'index public.index_ghl_hooks_enabled',
  'index public.index_integrations_hooks_on_account_id_and_app_id',
  'index public.index_integrations_hooks_on_app_id_and_reference_id',
  'index public.index_users_on_ghl_user_id',
  'index public.uniq_ghl_hook_per_account_and_location',
  'trigger public.contacts',
  'trigger public.contacts',
  'trigger public.contacts',
  'trigger public.taggings',
  'trigger public.taggings',
];

const isOurSchema = (object: string): boolean => /^(schema ghl$|\w+ ghl\.)/.test(object);
const kindAndName = (object: string): string => object.split(' ', 2).join(' ');

const INDEX = 'index_contacts_on_account_id_and_ghl_contact_id';

describe("Migrations beside DeskFlow's own tables", () => {
  const database = useEmptyDatabase();

  beforeEach(async () => {
    await createDeskFlowTables(database);
    await database.query(`
      alter table contacts add column of_their_own text;
      alter table contacts alter column name set default 'nobody';
      alter table contact_inboxes alter column source_id type varchar;
      drop index index_contacts_on_blocked;
      create table campaigns (id bigint)`);
    await database.query(
      `insert into accounts (name, created_at, updated_at) values ('Theirs', now(), now())`,
    );
    await database.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       select 1, 'Person ' || n, 'p' || n || '@example.test', now(), now() from generate_series(1, 50) n`,
    );
  });
  afterEach(() =>
    database.query('drop schema if exists ghl cascade; drop schema public cascade; create schema public'),
  );

  it('add two columns, six indexes, five triggers and schema ghl, and change no shape and no row', async () => {
    const before = await inventory(database);
    const rows = await database.query('select * from contacts order by id');
    await runMigrations(database.url);
    const after = await inventory(database);
    const added = after.filter((object) => !before.includes(object));
    expect(added.filter((object) => !isOurSchema(object)).map(kindAndName)).toEqual(ADDED);
    expect(before.filter((object) => !after.includes(object))).toEqual([]);
    expect(await database.query('select * from contacts order by id')).toEqual(
      rows.map((row) => ({ ...(row as object), ghl_contact_id: null })),
    );
  });

  it('are reverted without a trace, and without touching what was there', async () => {
    const before = await inventory(database);
    const rows = await database.query('select * from contacts order by id');
    await runMigrations(database.url);
    expect(await revertAll(database)).toBe(MIGRATION_COUNT);
    expect(await inventory(database)).toEqual(before);
    expect(await database.query('select * from contacts order by id')).toEqual(rows);
    expect(await runMigrations(database.url)).toHaveLength(MIGRATION_COUNT);
  });

  it('leave to DeskFlow what it has made itself, also when they are reverted', async () => {
    await database.query(`
      alter table contacts add column ghl_contact_id varchar;
      create index ${INDEX} on contacts (account_id, ghl_contact_id)`);
    await database.query(`update contacts set ghl_contact_id = 'kept' where id = 1`);
    const before = await inventory(database);
    await runMigrations(database.url);
    await revertAll(database);
    expect(await inventory(database)).toEqual(before);
    expect(await database.query(`select id from contacts where ghl_contact_id = 'kept'`)).toEqual([
      { id: 1 },
    ]);
  });

  it('leave a schema of the same name to others who use it', async () => {
    await database.query('create schema ghl; create table ghl.notes_of_others (id int)');
    const before = await inventory(database);
    await runMigrations(database.url);
    await revertAll(database);
    expect(await inventory(database)).toEqual(before);
  });

  it('leave the unique index out where the data forbids it', async () => {
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, created_at, updated_at)
       values (1, 'gohighlevel', 'loc', now(), now()), (1, 'gohighlevel', 'loc', now(), now())`,
    );
    await expect(runMigrations(database.url)).resolves.toHaveLength(MIGRATION_COUNT);
    expect((await inventory(database)).map(kindAndName)).not.toContain(
      'index public.uniq_ghl_hook_per_account_and_location',
    );
  });

  it('finish an index whose building was killed, and take it back when they are reverted', async () => {
    const before = await inventory(database);
    await runMigrations(database.url);
    await undoUntilBefore(database, 'DeskflowIndexes1795000000005');
    // A writer that does not end: `create index concurrently` waits for it.
    const writer = database.source.createQueryRunner();
    await writer.startTransaction();
    await writer.query(`insert into contacts (account_id, created_at, updated_at) values (1, now(), now())`);
    const interrupted = expect(runMigrations(database.url)).rejects.toThrow(/terminat/);
    await untilBuilding();
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query ~ '^create index concurrently ${INDEX}'`,
    );
    await interrupted;
    await writer.rollbackTransaction();
    await writer.release();
    expect((await inventory(database)).find((object) => object.includes(`index public.${INDEX}`))).toMatch(
      /invalid$/,
    );

    expect((await runMigrations(database.url))[0]).toBe('DeskflowIndexes1795000000005');
    expect((await inventory(database)).filter((object) => object.endsWith(' invalid'))).toEqual([]);
    await revertAll(database);
    expect(await inventory(database)).toEqual(before);
  });

  async function untilBuilding(): Promise<void> {
    for (;;) {
      const building = await database.query(
        `select from pg_stat_activity
          where datname = current_database() and query ~ '^create index concurrently ${INDEX}' and wait_event_type = 'Lock'`,
      );
      if (building.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
