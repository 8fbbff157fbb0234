import { DataSource } from 'typeorm';
import { dataSourceOptions, MigrationDataSource, runMigrations } from '#libs/database';
import { type TestDatabase, useDatabase, useEmptyDatabase } from '../harness/database.js';
import { DESKFLOW_SCHEMA, describeTables, inventory } from './schema.js';

/** What is added to DeskFlow's own tables, and nothing else. */
const ADDED_COLUMNS = [
  'column contacts.ghl_contact_id character varying',
  'column users.ghl_user_id character varying',
];
const ADDED_INDEXES = [
  'index public.index_contacts_on_account_id_and_ghl_contact_id',
  'index public.index_integrations_hooks_on_account_id_and_app_id',
  'index public.index_integrations_hooks_on_app_id_and_reference_id',
  'index public.index_users_on_ghl_user_id',
  'index public.uniq_ghl_hook_per_account_and_location',
];

async function revertAll(database: TestDatabase): Promise<void> {
  const source = await new MigrationDataSource(database.url).initialize();
  try {
    for (;;) {
      const [{ left }] = await source.query<[{ left: string | null }]>(
        `select to_regclass('ghl.migrations')::text as left`,
      );
      if (left === null) return;
      await source.undoLastMigration();
    }
  } finally {
    await source.destroy();
  }
}

describe('on an empty database', () => {
  const database = useDatabase();

  it.each(Object.keys(DESKFLOW_SCHEMA))('make %s as DeskFlow has it', async (table) => {
    const expected = DESKFLOW_SCHEMA[table]!;
    const actual = (await describeTables(database))[table]!;
    const columns = Object.entries(actual.columns).filter(
      ([column]) => !/^ghl_(contact|user)_id$/.test(column),
    );
    expect(Object.fromEntries(columns)).toEqual(expected.columns);
    expect(actual.indexes).toEqual(expect.arrayContaining(expected.indexes));
    const added = actual.indexes.filter((name) => !expected.indexes.includes(name));
    expect(added.every((name) => ADDED_INDEXES.includes(`index public.${name}`))).toBe(true);
    expect(actual.uniqueIndexes.filter((name) => !added.includes(name))).toEqual(
      expected.uniqueIndexes.toSorted(),
    );
  });

  it('number the conversations of each account from 1', async () => {
    const displayIds = await database.query<{ account_id: number; display_id: number }>(
      `with a as (insert into accounts (id, name, created_at, updated_at)
                  values (71, 'A', now(), now()), (72, 'B', now(), now()) returning id)
       select 1 from a`,
    );
    expect(displayIds).toHaveLength(2);
    const numbered = await database.query<{ display_id: number }>(
      `insert into conversations (account_id, inbox_id, display_id, created_at, updated_at)
       values (71, 1, 0, now(), now()), (71, 1, 0, now(), now()), (72, 1, 0, now(), now()) returning display_id`,
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

describe('run again', () => {
  const database = useDatabase();

  it('change nothing', async () => {
    const before = await inventory(database);
    expect(await runMigrations(database.url)).toEqual([]);
    expect(await inventory(database)).toEqual(before);
  });
});

describe('run by several processes at once', () => {
  const database = useEmptyDatabase();

  it('are applied once', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => runMigrations(database.url)));
    expect(applied.map(({ length }) => length).sort()).toEqual([0, 0, 0, 5]);
    expect(await database.query('select id from ghl.migrations')).toHaveLength(5);
  });
});

describe('reverted', () => {
  const database = useEmptyDatabase();

  it('leave the database as they found it, and can run again', async () => {
    const before = await inventory(database);
    await runMigrations(database.url);
    await database.query(`insert into accounts (name, created_at, updated_at) values ('A', now(), now())`);
    await revertAll(database);
    expect(await inventory(database)).toEqual(before);
    expect(await runMigrations(database.url)).toHaveLength(5);
    await revertAll(database);
  });
});

describe("beside an existing DeskFlow's tables", () => {
  const database = useEmptyDatabase();

  beforeAll(async () => {
    // DeskFlow's own schema, reduced to what it must keep: other defaults, another type, rows, a table we do not know.
    for (const [table, { columns }] of Object.entries(DESKFLOW_SCHEMA)) {
      const definitions = Object.entries(columns).map(([name, { type, nullable, default: value }]) =>
        value === 'sequence'
          ? `${name} ${type === 'bigint' ? 'bigserial' : 'serial'} primary key`
          : `${name} ${type} ${nullable ? '' : 'not null'} ${value === null ? '' : `default ${value}`}`,
      );
      await database.query(`create table ${table} (${definitions.join(', ')})`);
    }
    await database.query(
      `alter table contacts add column of_their_own text; create table campaigns (id bigint)`,
    );
    await database.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       select 1, 'Person ' || n, 'p' || n || '@example.test', now(), now() from generate_series(1, 50) n`,
    );
  });

  it('add two columns, their indexes and schema ghl, change no shape and keep every row', async () => {
    const before = await inventory(database);
    const rows = await database.query('select id, name, email, of_their_own from contacts order by id');
    await runMigrations(database.url);
    const added = (await inventory(database)).filter((object) => !before.includes(object));
    const outside = added.filter(
      (object) => !/ghl\.|schema ghl|_pkey/.test(object) && !isOfGhl(object, added),
    );
    expect(outside.filter((object) => !object.startsWith('trigger ghl_capture'))).toEqual(
      [...ADDED_COLUMNS, ...ADDED_INDEXES].toSorted(),
    );
    expect(outside.filter((object) => object.startsWith('trigger'))).toHaveLength(4);
    expect(before.filter((object) => !added.includes(object))).toEqual(before);
    expect(await database.query('select id, name, email, of_their_own from contacts order by id')).toEqual(
      rows,
    );
  });

  it('are reverted without a trace, and without touching what was there', async () => {
    const before = (await inventory(database)).filter(
      (object) => !object.includes('ghl') && !object.startsWith('column') && !ADDED_INDEXES.includes(object),
    );
    await revertAll(database);
    const after = await inventory(database);
    expect(after.filter((object) => object.includes('ghl'))).toEqual([]);
    expect(after.filter((object) => !object.startsWith('column'))).toEqual(before);
    expect(await database.query('select id from contacts')).toHaveLength(50);
    await runMigrations(database.url);
  });

  it('leave a unique index out where the data forbids it, and say so', async () => {
    await revertAll(database);
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, created_at, updated_at)
       values (1, 'gohighlevel', 'loc', now(), now()), (1, 'gohighlevel', 'loc', now(), now())`,
    );
    await runMigrations(database.url);
    expect(await inventory(database)).not.toContain('index public.uniq_ghl_hook_per_account_and_location');
  });

  it('finish an index whose building was interrupted', async () => {
    await revertAll(database);
    await database.query(
      'create index index_contacts_on_account_id_and_ghl_contact_id on contacts (account_id)',
    );
    await database.query(
      `update pg_index set indisvalid = false
        where indexrelid = 'index_contacts_on_account_id_and_ghl_contact_id'::regclass`,
    );
    await runMigrations(database.url);
    const [index] = await database.query<{ valid: boolean; definition: string }>(
      `select indisvalid as valid, pg_get_indexdef(indexrelid) as definition from pg_index
        where indexrelid = 'index_contacts_on_account_id_and_ghl_contact_id'::regclass`,
    );
    expect(index).toMatchObject({ valid: true, definition: expect.stringContaining('ghl_contact_id)') });
  });
});

describe("TypeORM's command line", () => {
  const database = useDatabase();

  it('sees nothing pending, and no entity that differs from its table', async () => {
    const source = await new MigrationDataSource(database.url).initialize();
    expect(await source.showMigrations()).toBe(false);
    await source.destroy();
  });

  it('reads every entity', async () => {
    const source = await new DataSource(dataSourceOptions(database.url)).initialize();
    for (const { target } of source.entityMetadatas)
      expect(await source.getRepository(target).find()).toEqual([]);
    await source.destroy();
  });
});

/** Columns and indexes of tables in schema ghl carry the table's name only. */
function isOfGhl(object: string, added: readonly string[]): boolean {
  const table = /^column (\w+)\./.exec(object)?.[1];
  return table !== undefined && added.includes(`table ghl.${table}`);
}
