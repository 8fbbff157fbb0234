import { type MigrationInterface, type QueryRunner } from 'typeorm';

const ENDED = `state in ('done', 'ignored')`;

/**
 * Every ended row is in exactly one of the first two, so that a row that ends costs one entry; a row that is waiting
 * is in none of them.
 */
const INDEXES = {
  /** What is to be deleted by age, or to lose its payload. */
  inbox_ended_idx: `(finished_at) where ${ENDED} and body is not null`,
  /** What has lost its payload and is only remembered. */
  inbox_remembered_idx: `(finished_at) where ${ENDED} and body is null`,
  /** What an administrator looks for: dead letters, and what fails at the moment. */
  inbox_troubled_idx: `(account_id, state, id) where state in ('dead', 'failed')`,
} as const;

/** A concurrent build waits for every transaction that is running, and nobody queues up behind it meanwhile. */
const BUILD_LOCK_TIMEOUT = '10min';

/**
 * What became of events: the error of each attempt, and how rows end. The inbox is being written to while this runs:
 * the indexes are built concurrently, hence outside a transaction, and each step can be repeated after a crash.
 */
export class InboxHistory1795000000007 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table ghl.inbox add column if not exists attempt_log jsonb');
    await runner.query('alter table ghl.inbox alter column body drop not null');
    await runner.query('alter table ghl.inbox drop constraint if exists inbox_work_has_payload');
    await runner.query(
      `alter table ghl.inbox add constraint inbox_work_has_payload check (body is not null or ${ENDED}) not valid`,
    );
    await runner.query('alter table ghl.inbox validate constraint inbox_work_has_payload');
    await runner.query(`set lock_timeout = '${BUILD_LOCK_TIMEOUT}'`);
    for (const [name, on] of Object.entries(INDEXES)) {
      // An interrupted concurrent build leaves an index that is maintained and never used.
      if (await isInvalid(runner, name)) await runner.query(`drop index concurrently ghl.${name}`);
      await runner.query(`create index concurrently if not exists ${name} on ghl.inbox ${on}`);
    }
    await runner.query('reset lock_timeout');
  }

  /** Before this migration every row had a payload: one that was dropped becomes an empty one. */
  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(INDEXES)) await runner.query(`drop index if exists ghl.${name}`);
    await runner.query('alter table ghl.inbox drop constraint inbox_work_has_payload');
    await runner.query(`update ghl.inbox set body = '' where body is null`);
    await runner.query('alter table ghl.inbox alter column body set not null');
    await runner.query('alter table ghl.inbox drop column attempt_log');
  }
}

async function isInvalid(runner: QueryRunner, name: string): Promise<boolean> {
  const rows = (await runner.query(
    'select from pg_index where indexrelid = to_regclass($1) and not indisvalid',
    [`ghl.${name}`],
  )) as unknown[];
  return rows.length > 0;
}
