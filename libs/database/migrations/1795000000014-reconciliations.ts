import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  // By location, not by hook: after a reconnect it goes on from where both sides last agreed.
  `create table ghl.reconciliations (
      account_id bigint not null,
      location_id text not null,
      kind text not null check (kind in ('changes', 'deletions')),
      agreed_until timestamptz not null,
      due_at timestamptz not null,
      reason text not null default 'schedule' check (reason in ('schedule', 'intake_outage', 'request')),
      began_at timestamptz,
      cursor jsonb,
      counts jsonb not null default '{}',
      finished_at timestamptz,
      attempts integer not null default 0,
      last_error text,
      lease_token uuid,
      lease_until timestamptz,
      primary key (account_id, location_id, kind)
    )`,
  `create index reconciliations_due_idx on ghl.reconciliations (due_at) where lease_token is null`,
  `create index reconciliations_lease_idx on ghl.reconciliations (lease_until) where lease_token is not null`,

  `create table ghl.reconciliation_runs (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      location_id text not null,
      kind text not null,
      reason text not null,
      agreed_from timestamptz not null,
      began_at timestamptz not null,
      finished_at timestamptz not null default now(),
      counts jsonb not null
    )`,
  `create index reconciliation_runs_account_idx on ghl.reconciliation_runs (account_id, id desc)`,

  `create table ghl.sighted_contacts (
      account_id bigint not null,
      location_id text not null,
      ghl_contact_id text not null,
      primary key (account_id, location_id, ghl_contact_id)
    )`,
] as const;

/** Where each location's reconciliation is, what its runs have mended, and whom a sweep for deletions has seen. */
export class Reconciliations1795000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.sighted_contacts, ghl.reconciliation_runs, ghl.reconciliations');
  }
}
