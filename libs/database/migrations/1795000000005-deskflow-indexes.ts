import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { forget, isOurs, recordCreated } from './created-objects.js';

interface LiveIndex {
  readonly name: string;
  readonly on: string;
  readonly unique?: boolean;
  /** Returns a row when the data at hand forbids the index. */
  readonly duplicates?: string;
}

const INDEXES: readonly LiveIndex[] = [
  {
    name: 'index_integrations_hooks_on_account_id_and_app_id',
    on: 'public.integrations_hooks (account_id, app_id)',
  },
  {
    name: 'index_integrations_hooks_on_app_id_and_reference_id',
    on: 'public.integrations_hooks (app_id, reference_id)',
  },
  {
    name: 'uniq_ghl_hook_per_account_and_location',
    on: `public.integrations_hooks (account_id, reference_id) where app_id = 'gohighlevel'`,
    unique: true,
    duplicates: `select from public.integrations_hooks where app_id = 'gohighlevel' and reference_id is not null
      group by account_id, reference_id having count(*) > 1 limit 1`,
  },
  {
    name: 'index_contacts_on_account_id_and_ghl_contact_id',
    on: 'public.contacts (account_id, ghl_contact_id)',
  },
  { name: 'index_users_on_ghl_user_id', on: 'public.users (ghl_user_id)' },
];

/** A concurrent build waits for every transaction that is running, and nobody queues up behind it meanwhile. */
const BUILD_LOCK_TIMEOUT = '10min';

/**
 * Indexes on tables that DeskFlow is using while this runs: built concurrently, hence outside a transaction, and each
 * step can be repeated after a crash.
 */
export class DeskflowIndexes1795000000005 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set lock_timeout = '${BUILD_LOCK_TIMEOUT}'`);
    for (const index of INDEXES) {
      const state = await stateOf(runner, index.name);
      if (state === 'valid') continue;
      // An interrupted concurrent build leaves an index that is maintained and never used.
      if (state === 'invalid') await runner.query(`drop index concurrently public.${index.name}`);
      if (index.duplicates && (await anyRow(runner, index.duplicates))) {
        await runner.query(
          `do $$ begin raise warning '${index.name} is left out: there are duplicates'; end $$`,
        );
        continue;
      }
      // Recorded first: a crash in between leaves a record of nothing, which down can drop, not an index of nobody.
      await recordCreated(runner, 'index', index.name);
      await runner.query(
        `create ${index.unique ? 'unique ' : ''}index concurrently ${index.name} on ${index.on}`,
      );
    }
    await runner.query('reset lock_timeout');
  }

  /** TypeORM reverts inside a transaction, so these drops are plain: each locks its table for a moment. */
  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of INDEXES) {
      if (!(await isOurs(runner, 'index', name))) continue;
      await runner.query(`drop index if exists public.${name}`);
      await forget(runner, 'index', name);
    }
  }
}

async function stateOf(runner: QueryRunner, name: string): Promise<'absent' | 'invalid' | 'valid'> {
  const [row] = (await runner.query(
    'select indisvalid as valid from pg_index where indexrelid = to_regclass($1)',
    [`public.${name}`],
  )) as { valid: boolean }[];
  if (!row) return 'absent';
  return row.valid ? 'valid' : 'invalid';
}

async function anyRow(runner: QueryRunner, sql: string): Promise<boolean> {
  return ((await runner.query(sql)) as unknown[]).length > 0;
}
