import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table ghl.reconcile_requests (
      id bigint generated always as identity primary key,
      reason text not null check (reason in ('intake_outage')),
      from_at timestamptz not null,
      to_at timestamptz not null,
      requested_at timestamptz not null default now(),
      taken_at timestamptz,
      constraint reconcile_requests_has_length check (from_at < to_at)
    )`,
  `create index reconcile_requests_waiting_idx on ghl.reconcile_requests (id) where taken_at is null`,
] as const;

/** Times of which events may be missing, for the reconciling poll to look at. */
export class ReconcileRequests1795000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.reconcile_requests');
  }
}
