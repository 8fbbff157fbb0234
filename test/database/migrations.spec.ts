import { MigrationDataSource, runMigrations } from '#libs/database';
import { useDatabase, useEmptyDatabase } from '../harness/database.js';
import { MIGRATION_COUNT, revertAll } from './revert-all.js';
import { DESKFLOW_SCHEMA, describeTables, inventory } from './schema.js';

/** What this service adds to a table of DeskFlow's. */
const ADDED_COLUMN = /^ghl_(contact|user)_id$/;
const ADDED_INDEX = /ghl|^index_integrations_hooks_on_/;

const without = <T>(facts: Record<string, T>, added: RegExp): Record<string, T> =>
  Object.fromEntries(Object.entries(facts).filter(([name]) => !added.test(name)));

describe('Migrations of an empty database', () => {
  const database = useDatabase();

  it.each(Object.entries(DESKFLOW_SCHEMA))(
    'make %s with the columns and indexes DeskFlow has',
    async (table, expected) => {
      const actual = (await describeTables(database))[table]!;
      expect(without(actual.columns, ADDED_COLUMN)).toEqual(expected.columns);
      expect(without(actual.indexes, ADDED_INDEX)).toEqual(expected.indexes);
    },
  );

  it('make no table in schema public that DeskFlow does not have', async () => {
    expect(Object.keys(await describeTables(database)).toSorted()).toEqual(
      Object.keys(DESKFLOW_SCHEMA).toSorted(),
    );
  });

  it('give every account sequences of its own, and number its conversations from 1', async () => {
    const accounts = await database.query<{ id: number }>(
      `insert into accounts (name, created_at, updated_at)
       values ('A', now(), now()), ('B', now(), now()) returning id`,
    );
    const [a, b] = accounts.map(({ id }) => id);
    expect(
      await database.query(`select relname from pg_class where relname ~ '_dpid_seq_' order by 1`),
    ).toEqual(
      [`camp_dpid_seq_${a}`, `camp_dpid_seq_${b}`, `conv_dpid_seq_${a}`, `conv_dpid_seq_${b}`].map(
        (relname) => ({ relname }),
      ),
    );
    const numbered = await database.query<{ display_id: number }>(
      `insert into conversations (account_id, inbox_id, display_id, created_at, updated_at)
       values ($1, 1, null, now(), now()), ($1, 1, 77, now(), now()), ($2, 1, null, now(), now())
       returning display_id`,
      [a, b],
    );
    expect(numbered.map(({ display_id }) => display_id)).toEqual([1, 2, 1]);
  });

  it('serve the look-ups of hooks and contacts with indexes', async () => {
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, created_at, updated_at)
       select n % 500, case n % 3 when 0 then 'gohighlevel' else 'slack' end, 'loc' || n, now(), now()
         from generate_series(1, 20000) n`,
    );
    await database.query(
      `insert into contacts (account_id, ghl_contact_id, created_at, updated_at)
       select n % 20, 'con' || n, now(), now() from generate_series(1, 20000) n`,
    );
    await database.query('analyze integrations_hooks, contacts');
    const plan = async (where: string): Promise<string> =>
      JSON.stringify(await database.query(`explain (format json) select id from ${where}`));
    expect(await plan(`integrations_hooks where account_id = 7 and app_id = 'slack'`)).toContain(
      'index_integrations_hooks_on_account_id_and_app_id',
    );
    expect(await plan(`integrations_hooks where app_id = 'gohighlevel' and reference_id = 'loc9'`)).toContain(
      'index_integrations_hooks_on_app_id_and_reference_id',
    );
    expect(await plan(`contacts where account_id = 9 and ghl_contact_id = 'con9'`)).toContain(
      'index_contacts_on_account_id_and_ghl_contact_id',
    );
  });
});

describe('Migrations that have run', () => {
  const database = useDatabase();

  it('change nothing when they are run again', async () => {
    const before = await inventory(database);
    expect(await runMigrations(database.url)).toEqual([]);
    expect(await inventory(database)).toEqual(before);
  });

  it('are none that wait, for those who ask', async () => {
    const source = await new MigrationDataSource(database.url).initialize();
    await expect(source.showMigrations()).resolves.toBe(false);
    await source.destroy();
  });
});

describe('Migrations that nobody has run', () => {
  const database = useEmptyDatabase();

  it('wait, and asking leaves nothing behind', async () => {
    const before = await inventory(database);
    const source = await new MigrationDataSource(database.url).initialize();
    await expect(source.showMigrations()).resolves.toBe(true);
    await source.destroy();
    expect(await inventory(database)).toEqual(before);
  });
});

describe('Migrations that are run by several processes at once', () => {
  const database = useEmptyDatabase();

  it('are applied once', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => runMigrations(database.url)));
    expect(applied.map(({ length }) => length).sort()).toEqual([0, 0, 0, MIGRATION_COUNT]);
    expect(await database.query('select id from ghl.migrations')).toHaveLength(MIGRATION_COUNT);
  });
});

describe('Migrations that are reverted', () => {
  const database = useEmptyDatabase();

  it('leave an empty database as they found it, and can run again', async () => {
    const before = await inventory(database);
    await runMigrations(database.url);
    const migrated = await inventory(database);
    await database.query(`insert into accounts (name, created_at, updated_at) values ('A', now(), now())`);
    await revertAll(database);
    expect(await inventory(database)).toEqual(before);
    await runMigrations(database.url);
    expect(await inventory(database)).toEqual(migrated);
  });
});
