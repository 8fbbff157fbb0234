import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';
import { MIGRATIONS } from './migrations/index.js';

/** Advisory locks are numbers that share one space per database. This one is "ghl" in ASCII. */
const MIGRATION_LOCK = 0x67686c;

const LOCK_POLL_MS = 50;

/** Another process may be building indexes on large tables (milliseconds). */
const LOCK_WAIT_MS = 15 * 60_000;

/** Adding a column waits for DeskFlow's running transactions, and everybody queues behind it: give up soon. */
const TABLE_LOCK_TIMEOUT_MS = 10_000;

/**
 * The data source by which migrations run, in the apps and in TypeORM's command line alike. It keeps its books in
 * `ghl.migrations` and lets one process at a time through.
 */
export class MigrationDataSource extends DataSource {
  constructor(url: string) {
    super(
      dataSourceOptions(url, {
        applicationName: 'deskflow-ghl migrations',
        migrations: MIGRATIONS,
        migrationsTableName: 'ghl.migrations',
        migrationsTransactionMode: 'each',
        extra: { statement_timeout: 0, lock_timeout: TABLE_LOCK_TIMEOUT_MS },
      }),
    );
  }

  override runMigrations(
    options?: Parameters<DataSource['runMigrations']>[0],
  ): ReturnType<DataSource['runMigrations']> {
    return this.exclusively(async (runner) => {
      await openBooks(runner);
      return super.runMigrations(options);
    });
  }

  override undoLastMigration(options?: Parameters<DataSource['undoLastMigration']>[0]): Promise<void> {
    return this.exclusively(async (runner) => {
      await openBooks(runner);
      await super.undoLastMigration(options);
      await closeBooksWhenEmpty(runner);
    });
  }

  override showMigrations(): Promise<boolean> {
    return this.exclusively(async (runner) => {
      await openBooks(runner);
      const areSomePending = await super.showMigrations();
      await closeBooksWhenEmpty(runner);
      return areSomePending;
    });
  }

  /**
   * Asks for the lock again and again instead of waiting inside the database: a session that waits holds a snapshot,
   * and `create index concurrently`, which waits for old snapshots, would wait for it forever.
   */
  private async exclusively<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.createQueryRunner();
    const deadline = Date.now() + LOCK_WAIT_MS;
    try {
      while (!(await tryLock(runner))) {
        if (Date.now() > deadline)
          throw new Error('Another process has been migrating this database for too long');
        await sleep(LOCK_POLL_MS);
      }
      try {
        return await work(runner);
      } finally {
        await runner.query('select pg_advisory_unlock($1::bigint)', [MIGRATION_LOCK]);
      }
    } finally {
      await runner.release();
    }
  }
}

/**
 * Brings a database up to date: safe to call twice, and from several processes at once. It holds a session lock, so
 * the URL must lead to PostgreSQL itself and not to a pooler that shares sessions.
 * @returns the names of the migrations that ran.
 */
export async function runMigrations(url: string): Promise<string[]> {
  const source = new MigrationDataSource(url);
  await source.initialize();
  try {
    const applied = await source.runMigrations();
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}

async function tryLock(runner: QueryRunner): Promise<boolean> {
  const [row] = (await runner.query('select pg_try_advisory_lock($1::bigint) as locked', [
    MIGRATION_LOCK,
  ])) as [{ locked: boolean }];
  return row.locked;
}

/** TypeORM creates its table, but not the schema it is in. A DBA may have: `if not exists` asks for the right first. */
async function openBooks(runner: QueryRunner): Promise<void> {
  await runner.query(`do $$ begin if to_regnamespace('ghl') is null then create schema ghl; end if; end $$`);
  await runner.query(
    `create table if not exists ghl.migrations (id serial primary key, timestamp bigint not null, name varchar not null)`,
  );
}

/** After the last revert nothing of ours is left. */
async function closeBooksWhenEmpty(runner: QueryRunner): Promise<void> {
  const [row] = (await runner.query('select not exists (select from ghl.migrations) as empty')) as [
    { empty: boolean },
  ];
  if (!row.empty) return;
  await runner.query('drop table ghl.migrations');
  await runner.query(`do $$
    begin
      drop schema ghl;
    exception when dependent_objects_still_exist or insufficient_privilege then
      raise notice 'schema ghl is in use by others and stays';
    end $$`);
}
