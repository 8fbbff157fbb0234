import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** No foreign keys to DeskFlow's tables: who did it is known after the user is gone. */
const STATEMENTS = [
  `create table ghl.audit_events (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      at timestamptz not null default now(),
      action text not null,
      actor_kind text not null check (actor_kind in ('user', 'system', 'highlevel')),
      actor_user_id bigint,
      hook_id bigint,
      location_id text,
      outcome text not null check (outcome in ('success', 'failure')),
      details jsonb not null default '{}',
      constraint audit_events_user_is_named check ((actor_kind = 'user') = (actor_user_id is not null))
    )`,
  `create index audit_events_account_idx on ghl.audit_events (account_id, id desc)`,
  `create index audit_events_action_idx on ghl.audit_events (account_id, action, id desc)`,
] as const;

/** Who did what to an account's connection, when, and how it ended. */
export class AuditEvents1795000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.audit_events');
  }
}
