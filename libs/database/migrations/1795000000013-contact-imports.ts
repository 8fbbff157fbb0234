import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table ghl.imports (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      hook_id bigint not null,
      location_id text not null,
      selection jsonb not null,
      direction text not null default 'in' check (direction in ('in', 'out', 'both')),
      phase text not null default 'in' check (phase in ('in', 'out')),
      dry_run boolean not null default false,
      state text not null default 'queued'
        check (state in ('queued', 'running', 'paused', 'completed', 'cancelled', 'failed')),
      reason text,
      total integer,
      counts jsonb not null default '{}',
      cursor jsonb,
      active_ms bigint not null default 0,
      attempts integer not null default 0,
      next_attempt_at timestamptz not null default now(),
      lease_token uuid,
      lease_until timestamptz,
      started_by bigint not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      finished_at timestamptz
    )`,
  `create index imports_account_idx on ghl.imports (account_id, id desc)`,
  // One at a time for each connection: two would do the same work twice.
  `create unique index imports_open_key on ghl.imports (hook_id) where state in ('queued', 'running', 'paused')`,
  `create index imports_due_idx on ghl.imports (next_attempt_at) where state in ('queued', 'running')`,

  `create table ghl.import_failures (
      id bigint generated always as identity primary key,
      import_id bigint not null references ghl.imports on delete cascade,
      ghl_contact_id text not null,
      name text,
      reason text not null
    )`,
  `create index import_failures_import_idx on ghl.import_failures (import_id, id)`,
] as const;

/** Bulk imports: where each has come, and what could not be imported. */
export class ContactImports1795000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.import_failures, ghl.imports');
  }
}
