import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { forget, isOurs, recordCreated } from './created-objects.js';

const HOOK_INDEX = 'index_ghl_hooks_enabled';
/**
 * What the refresh schedule walks. No other query says so much, so none is planned with an index that would lead it
 * through all accounts.
 */
const WALKED = `app_id = 'gohighlevel' and status = 1 and access_token is not null`;
/** A concurrent build waits for every transaction that is running, and nobody queues up behind it meanwhile. */
const BUILD_LOCK_TIMEOUT = '10min';

/** Tables of our own, which are small. Each step can be repeated, as this runs outside a transaction. */
const OWN_TABLES = [
  `alter table ghl.agencies
      add column if not exists state text not null default 'connected',
      add column if not exists reason text,
      add column if not exists since timestamptz not null default now(),
      add column if not exists consecutive_failures integer not null default 0,
      add column if not exists next_attempt_at timestamptz,
      add column if not exists last_refreshed_at timestamptz,
      add column if not exists installed_at timestamptz not null default now(),
      add column if not exists approved_locations text[] not null default '{}',
      add column if not exists install_to_future_locations boolean not null default false,
      alter column refresh_token drop not null`,
  // What an installation was compared with before there was a column for it.
  `update ghl.agencies set installed_at = updated_at`,
  `create index if not exists agencies_future_locations_idx on ghl.agencies (installed_at desc)
    where install_to_future_locations`,
  `create index if not exists inbox_unclaimed_installs_idx on ghl.inbox (company_id)
    where state = 'parked' and reason = 'not_claimed'`,
] as const;

/**
 * How an agency's own token is doing, which of its locations it chose, and the index by which the refresh schedule
 * walks this service's hooks among all others.
 */
export class TokenLifecycle1795000000008 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of OWN_TABLES) await runner.query(statement);
    await runner.query(`set lock_timeout = '${BUILD_LOCK_TIMEOUT}'`);
    const state = await stateOfIndex(runner);
    // An interrupted concurrent build leaves an index that is maintained and never used.
    if (state === 'invalid') await runner.query(`drop index concurrently public.${HOOK_INDEX}`);
    if (state !== 'valid') {
      await recordCreated(runner, 'index', HOOK_INDEX);
      await runner.query(
        `create index concurrently ${HOOK_INDEX} on public.integrations_hooks (id)
          where ${WALKED}`,
      );
    }
    await runner.query('reset lock_timeout');
  }

  /** An agency that has no refresh token cannot stay: what this reverts to has no place for it. */
  async down(runner: QueryRunner): Promise<void> {
    if (await isOurs(runner, 'index', HOOK_INDEX)) {
      await runner.query(`drop index if exists public.${HOOK_INDEX}`);
      await forget(runner, 'index', HOOK_INDEX);
    }
    await runner.query('drop index ghl.inbox_unclaimed_installs_idx');
    await runner.query('delete from ghl.agencies where refresh_token is null');
    await runner.query(
      `alter table ghl.agencies
         drop column state, drop column reason, drop column since, drop column consecutive_failures,
         drop column next_attempt_at, drop column last_refreshed_at, drop column installed_at,
         drop column approved_locations, drop column install_to_future_locations,
         alter column refresh_token set not null`,
    );
  }
}

async function stateOfIndex(runner: QueryRunner): Promise<'absent' | 'invalid' | 'valid'> {
  const [row] = (await runner.query(
    'select indisvalid as valid from pg_index where indexrelid = to_regclass($1)',
    [`public.${HOOK_INDEX}`],
  )) as { valid: boolean }[];
  if (!row) return 'absent';
  return row.valid ? 'valid' : 'invalid';
}
