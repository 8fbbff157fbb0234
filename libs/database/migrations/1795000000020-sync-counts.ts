import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Counted as contacts agree, since counting them afterwards would read them all. Several rows an hour (`shard`), so
  // that workers of one account do not wait for each other's; half-full pages keep the updates off the indexes.
  `create table ghl.sync_counts (
      account_id bigint not null,
      hour timestamptz not null,
      direction text not null check (direction in ('in', 'out')),
      shard smallint not null,
      contacts bigint not null,
      primary key (account_id, hour, direction, shard)
    ) with (fillfactor = 50)`,
  `create index sync_counts_age_idx on ghl.sync_counts (hour)`,
] as const;

/** How many contacts were brought each way in each hour. */
export class SyncCounts1795000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.sync_counts');
  }
}
