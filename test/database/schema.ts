import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestDatabase } from '../harness/database.js';

interface ColumnFact {
  readonly type: string;
  readonly nullable: boolean;
  /** As SQL, `sequence` for a serial, null for none. */
  readonly default: string | null;
}

interface TableFact {
  readonly columns: Record<string, ColumnFact>;
  readonly indexes: string[];
  readonly uniqueIndexes: string[];
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
  const indexes = await database.query<{ table: string; name: string; unique: boolean }>(
    `select t.relname as "table", i.relname as name, x.indisunique as "unique"
       from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
      where t.relnamespace = 'public'::regnamespace and not x.indisprimary order by 2`,
  );
  return Object.fromEntries(
    [...new Set(columns.map(({ table }) => table))].map((table) => [
      table,
      {
        columns: Object.fromEntries(
          columns.filter((row) => row.table === table).map((row) => [row.column, factOf(row)]),
        ),
        indexes: indexes.filter((row) => row.table === table).map(({ name }) => name),
        uniqueIndexes: indexes.filter((row) => row.table === table && row.unique).map(({ name }) => name),
      },
    ]),
  );
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

/** Every object outside PostgreSQL's own schemas, one line each: to compare a before with an after. */
export async function inventory(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ object: string }>(
    `with ours as (select oid, nspname from pg_namespace where nspname !~ '^(pg_|information_schema)')
     select 'schema ' || nspname as object from ours
     union all
     select case c.relkind when 'r' then 'table ' when 'i' then 'index ' when 'S' then 'sequence ' else c.relkind::text end
            || o.nspname || '.' || c.relname
       from pg_class c join ours o on o.oid = c.relnamespace where c.relkind in ('r', 'i', 'S', 'v')
     union all
     select 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind = 'r' join ours o on o.oid = c.relnamespace
      where a.attnum > 0 and not a.attisdropped
     union all
     select 'function ' || o.nspname || '.' || p.proname from pg_proc p join ours o on o.oid = p.pronamespace
       where not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     union all
     select 'trigger ' || t.tgname from pg_trigger t where not t.tgisinternal
     union all
     select 'extension ' || extname from pg_extension
     order by 1`,
  );
  return rows.map(({ object }) => object);
}
