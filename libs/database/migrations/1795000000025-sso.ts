import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Signing on from HighLevel's frame: how far an account lets it, and which user contexts were used. */
export class Sso1795000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `alter table ghl.sync_settings
         add column sso_role text not null default 'agent' check (sso_role in ('none', 'agent', 'administrator'))`,
    );
    await runner.query(
      `create table ghl.sso_contexts (
          salt bytea primary key,
          account_id bigint not null,
          used_at timestamptz not null default now()
        )`,
    );
    await runner.query('create index sso_contexts_used_idx on ghl.sso_contexts (used_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.sso_contexts');
    await runner.query('alter table ghl.sync_settings drop column sso_role');
  }
}
