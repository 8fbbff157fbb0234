import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestDatabase } from '../harness/database.js';

interface ColumnFact {
  readonly type: string;
  readonly nullable: boolean;
  /** As SQL, `sequence` for a serial, null for none. */
  readonly default: string | null;
}

interface IndexFact {
  readonly unique: boolean;
  /** Columns, method unless it is btree, and condition, as PostgreSQL prints them but without casts. */
  readonly on: string;
}

interface TableFact {
  readonly columns: Record<string, ColumnFact>;
  readonly indexes: Record<string, IndexFact>;
}

/** DeskFlow's core tables as its own schema has them. */
export const DESKFLOW_SCHEMA = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'fixtures', 'deskflow-schema.json'), 'utf8'),
) as Record<string, TableFact>;

interface ColumnRow {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
  default: string | null;
}

interface IndexRow {
  table: string;
  name: string;
  unique: boolean;
  definition: string;
}

/** The tables of schema `public` as PostgreSQL describes them, in the fixture's words. */
export async function describeTables(database: TestDatabase): Promise<Record<string, TableFact>> {
  const columns = await database.query<ColumnRow>(
    `select c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as type,
            not a.attnotnull as nullable, pg_get_expr(d.adbin, d.adrelid) as "default"
       from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by a.attnum`,
  );
  const indexes = await database.query<IndexRow>(
    `select t.relname as "table", i.relname as name, x.indisunique as "unique", pg_get_indexdef(i.oid) as definition
       from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
      where t.relnamespace = 'public'::regnamespace and not x.indisprimary`,
  );
  return Object.fromEntries(
    [...new Set(columns.map(({ table }) => table))].map((table) => [
      table,
      {
        columns: Object.fromEntries(
          columns.filter((row) => row.table === table).map((row) => [row.column, factOf(row)]),
        ),
        indexes: Object.fromEntries(
          indexes
            .filter((row) => row.table === table)
            .map(({ name, unique, definition }) => [name, { unique, on: placeOf(definition) }]),
        ),
      },
    ]),
  );
}

/** Creates DeskFlow's core tables as a Rails migration would have: with their indexes, and the triggers that number. */
export async function createDeskFlowTables(database: TestDatabase): Promise<void> {
  await database.query('create extension pg_trgm');
  for (const [table, { columns, indexes }] of Object.entries(DESKFLOW_SCHEMA)) {
    const definitions = Object.entries(columns).map(([name, { type, nullable, default: value }]) =>
      value === 'sequence'
        ? `${name} ${type === 'bigint' ? 'bigserial' : 'serial'} primary key`
        : `${name} ${type} ${nullable ? '' : 'not null'} ${value === null ? '' : `default ${value}`}`,
    );
    await database.query(`create table ${table} (${definitions.join(', ')})`);
    for (const [name, { unique, on }] of Object.entries(indexes)) {
      const method = on.startsWith('GIN ') ? 'using gin ' : '';
      await database.query(
        `create ${unique ? 'unique ' : ''}index ${name} on ${table} ${method}${on.replace(/^GIN /, '')}`,
      );
    }
  }
  await database.query(`
    create function accounts_after_insert_row_tr() returns trigger language plpgsql as $$
    begin execute format('create sequence if not exists conv_dpid_seq_%s', new.id); return null; end $$;
    create trigger accounts_after_insert_row_tr after insert on accounts
      for each row execute function accounts_after_insert_row_tr();
    create function conversations_before_insert_row_tr() returns trigger language plpgsql as $$
    begin new.display_id := nextval('conv_dpid_seq_' || new.account_id); return new; end $$;
    create trigger conversations_before_insert_row_tr before insert on conversations
      for each row execute function conversations_before_insert_row_tr()`);
}

function factOf({ type, nullable, default: expression }: ColumnRow): ColumnFact {
  return {
    type: type.replace('character varying', 'varchar').replace(' without time zone', ''),
    nullable,
    default: expression === null ? null : defaultOf(expression),
  };
}

function defaultOf(expression: string): string {
  return expression.startsWith('nextval(') ? 'sequence' : expression.replace(/::[a-z ]+$/, '');
}

/** `create index … using btree (a, b)` is `(a, b)` in the fixture, and `using gin (a)` is `GIN (a)`. */
function placeOf(definition: string): string {
  const [, method, place] = / USING (\w+) (.*)$/.exec(definition) ?? [];
  const withoutCasts = (place ?? '').replaceAll(/::(text|character varying)/g, '');
  return method === 'btree' ? withoutCasts : `${String(method).toUpperCase()} ${withoutCasts}`;
}

/** Every object outside PostgreSQL's own schemas with its definition, one line each: to compare a before with an after. */
export async function inventory(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ object: string }>(
    `with spaces as (select oid, nspname from pg_namespace where nspname !~ '^(pg_|information_schema)'),
     tables as (
       select c.oid, s.nspname || '.' || c.relname as name, c.relkind, c.reloptions
         from pg_class c join spaces s on s.oid = c.relnamespace)
     select 'schema ' || nspname as object from spaces
     union all
     select concat_ws(' ', 'table', name, reloptions::text) from tables where relkind = 'r'
     union all
     select 'sequence ' || name from tables where relkind = 'S'
     union all
     select concat_ws(' ', 'column', t.name || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
              case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid))
       from pg_attribute a
       join tables t on t.oid = a.attrelid and t.relkind = 'r'
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attnum > 0 and not a.attisdropped
     union all
     select concat_ws(' ', 'index', i.name, pg_get_indexdef(x.indexrelid), case when not x.indisvalid then 'invalid' end)
       from pg_index x join tables i on i.oid = x.indexrelid
     union all
     select concat_ws(' ', 'constraint', t.name, c.conname, pg_get_constraintdef(c.oid))
       from pg_constraint c join tables t on t.oid = c.conrelid
     union all
     select concat_ws(' ', 'function', s.nspname || '.' || p.proname, md5(p.prosrc), p.proacl::text)
       from pg_proc p join spaces s on s.oid = p.pronamespace
      where not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     union all
     select concat_ws(' ', 'trigger', t.name, pg_get_triggerdef(g.oid))
       from pg_trigger g join tables t on t.oid = g.tgrelid where not g.tgisinternal
     union all
     select 'extension ' || extname from pg_extension
     order by 1`,
  );
  return rows.map(({ object }) => object);
}
