import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { forget, isOurs, recordCreated } from './created-objects.js';

/** The only columns this service adds to DeskFlow's own tables. Nullable and without default: no table is rewritten. */
const COLUMNS = [
  { table: 'contacts', column: 'ghl_contact_id' },
  { table: 'users', column: 'ghl_user_id' },
] as const;

export class DeskflowColumns1795000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const { table, column } of COLUMNS) {
      if (await hasColumn(runner, table, column)) continue;
      await runner.query(`alter table public.${table} add column ${column} varchar`);
      await recordCreated(runner, 'column', `${table}.${column}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { table, column } of COLUMNS) {
      if (!(await isOurs(runner, 'column', `${table}.${column}`))) continue;
      await runner.query(`alter table public.${table} drop column if exists ${column}`);
      await forget(runner, 'column', `${table}.${column}`);
    }
  }
}

async function hasColumn(runner: QueryRunner, table: string, column: string): Promise<boolean> {
  const rows = (await runner.query(
    `select from pg_attribute where attrelid = $1::regclass and attname = $2 and not attisdropped`,
    [`public.${table}`, column],
  )) as unknown[];
  return rows.length > 0;
}
