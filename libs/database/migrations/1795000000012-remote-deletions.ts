import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table ghl.remote_deletions (
      account_id bigint not null,
      location_id text not null,
      ghl_contact_id text not null,
      deleted_at timestamptz not null,
      primary key (account_id, location_id, ghl_contact_id)
    )`,
  `create index remote_deletions_age_idx on ghl.remote_deletions (deleted_at)`,
] as const;

/** Contacts whose deletion was told before anything else about them: their late events must not bring them in. */
export class RemoteDeletions1795000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.remote_deletions');
  }
}
