import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { type CoreTable } from './core-table.js';
import { ACCOUNT_TABLES } from './core-tables-accounts.js';
import { CONTACT_TABLES } from './core-tables-contacts.js';
import { CONVERSATION_TABLES } from './core-tables-conversations.js';
import { createRegister, dropRegister, isOurs, recordCreated } from './created-objects.js';

const CORE_TABLES: readonly CoreTable[] = [...ACCOUNT_TABLES, ...CONTACT_TABLES, ...CONVERSATION_TABLES];

/** DeskFlow's core tables where they are absent. A table that is there is left exactly as it is, its indexes too. */
export class CoreTables1795000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createRegister(runner);
    const absent: CoreTable[] = [];
    for (const table of CORE_TABLES) {
      if (!(await exists(runner, table))) absent.push(table);
    }
    if (absent.length === 0) return;
    const hasTrigrams = await provideTrigrams(runner);
    for (const table of absent) {
      const statements = [
        table.create,
        ...table.indexes,
        ...((hasTrigrams && table.trigramIndexes) || []),
        ...(table.triggers ?? []),
      ];
      for (const statement of statements) await runner.query(statement);
      await recordCreated(runner, 'table', table.name);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of CORE_TABLES.toReversed()) {
      if (!(await isOurs(runner, 'table', table.name))) continue;
      if (table.beforeDrop) await runner.query(table.beforeDrop);
      await runner.query(`drop table public.${table.name}`);
      if (table.afterDrop) await runner.query(table.afterDrop);
    }
    if (await isOurs(runner, 'extension', 'pg_trgm')) await dropTrigrams(runner);
    await dropRegister(runner);
  }
}

async function exists(runner: QueryRunner, table: CoreTable): Promise<boolean> {
  const [row] = (await runner.query('select to_regclass($1) is not null as found', [
    `public.${table.name}`,
  ])) as [{ found: boolean }];
  return row.found;
}

async function hasTrigramExtension(runner: QueryRunner): Promise<boolean> {
  return ((await runner.query(`select from pg_extension where extname = 'pg_trgm'`)) as unknown[]).length > 0;
}

/** Not every server ships pg_trgm, and not every role may create it: the trigram indexes are then left out. */
async function provideTrigrams(runner: QueryRunner): Promise<boolean> {
  if (await hasTrigramExtension(runner)) return true;
  await runner.query(`do $$
    begin
      create extension pg_trgm with schema public;
    exception when insufficient_privilege or feature_not_supported or undefined_file then
      raise notice 'pg_trgm is not available (%), trigram indexes are left out', sqlerrm;
    end $$`);
  if (!(await hasTrigramExtension(runner))) return false;
  await recordCreated(runner, 'extension', 'pg_trgm');
  return true;
}

/** Somebody else's index may use it by now; then it stays. */
async function dropTrigrams(runner: QueryRunner): Promise<void> {
  await runner.query(`do $$
    begin
      drop extension if exists pg_trgm;
    exception when dependent_objects_still_exist then
      raise notice 'pg_trgm is in use by others and stays';
    end $$`);
}
