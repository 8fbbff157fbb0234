import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table ghl.sync_settings (
      account_id bigint primary key,
      conflict_policy text not null default 'latest_wins'
        check (conflict_policy in ('latest_wins', 'deskflow_wins', 'highlevel_wins')),
      on_delete text not null default 'leave' check (on_delete in ('leave', 'archive', 'delete')),
      updated_at timestamptz not null default now()
    )`,
  // No foreign keys to DeskFlow's tables: a conflict is known after its contact is gone.
  `create table ghl.sync_conflicts (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      location_id text not null,
      contact_id bigint not null,
      ghl_contact_id text not null,
      field text not null,
      base jsonb,
      deskflow jsonb,
      highlevel jsonb,
      deskflow_at timestamptz,
      highlevel_at timestamptz,
      policy text not null check (policy in ('latest_wins', 'deskflow_wins', 'highlevel_wins')),
      kept text not null check (kept in ('deskflow', 'highlevel')),
      detected_at timestamptz not null default now(),
      reversed_at timestamptz,
      reversed_by bigint,
      constraint sync_conflicts_reversed_by_somebody check ((reversed_at is null) = (reversed_by is null))
    )`,
  `create index sync_conflicts_account_idx on ghl.sync_conflicts (account_id, id desc)`,
  `create index sync_conflicts_contact_idx on ghl.sync_conflicts (account_id, contact_id, id desc)`,
] as const;

/** What accounts choose about their sync, and the conflicts that it settled. */
export class SyncConflicts1795000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.sync_conflicts, ghl.sync_settings');
  }
}
