import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Every state of an inbox or outbox row (docs/architecture.md). `failed` will be retried, `dead` will not. */
const WORK_STATES = `('pending', 'processing', 'done', 'ignored', 'failed', 'dead', 'parked')`;

/** Rows a worker has not finished with; they keep their entity's later rows waiting. */
const OPEN = `state in ('pending', 'processing', 'failed')`;

/** Rows change state a few times within seconds and then rest: vacuum by count, not by a share of a growing table. */
const QUEUE_STORAGE = `fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
      autovacuum_analyze_scale_factor = 0.02`;

/** The columns by which a worker claims, retries and finishes a row. A lease that ran out gives the row back. */
const WORK_COLUMNS = `
      state text not null default 'pending' check (state in ${WORK_STATES}),
      reason text,
      attempts integer not null default 0 check (attempts >= 0),
      next_attempt_at timestamptz not null default now(),
      lease_token uuid,
      lease_until timestamptz,
      last_error text,
      finished_at timestamptz`;

const TABLES = [
  `create table ghl.inbox (
      id bigint generated always as identity primary key,
      delivery_key text not null,
      type text not null,
      account_id bigint,
      hook_id bigint,
      location_id text,
      company_id text,
      entity_key text,
      event_at timestamptz,
      body bytea not null,
      received_at timestamptz not null default now(),${WORK_COLUMNS},
      constraint inbox_delivery_key_key unique (delivery_key),
      constraint inbox_processing_has_lease check (state <> 'processing' or lease_until is not null)
    ) with (${QUEUE_STORAGE})`,
  // What is pending is due; by id, because a claim of a few must not sort all that waits.
  `create index inbox_pending_idx on ghl.inbox (hook_id, id) where state = 'pending'`,
  `create index inbox_failed_idx on ghl.inbox (hook_id, next_attempt_at) where state = 'failed'`,
  `create index inbox_processing_idx on ghl.inbox (hook_id, lease_until) where state = 'processing'`,
  `create index inbox_parked_idx on ghl.inbox (location_id) where state = 'parked'`,
  `create index inbox_account_idx on ghl.inbox (account_id, id desc)`,

  `create table ghl.outbox (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      hook_id bigint not null,
      contact_id bigint not null,
      operation text not null check (operation in ('push', 'delete')),
      ghl_contact_id text,
      created_at timestamptz not null default now(),
      changed_at timestamptz not null default now(),${WORK_COLUMNS},
      constraint outbox_processing_has_lease check (state <> 'processing' or lease_until is not null)
    ) with (${QUEUE_STORAGE})`,
  `create unique index outbox_pending_key on ghl.outbox (hook_id, contact_id, operation) where state = 'pending'`,
  `create index outbox_due_idx on ghl.outbox (hook_id, next_attempt_at, id) where state in ('pending', 'failed')`,
  `create index outbox_lease_idx on ghl.outbox (lease_until) where state = 'processing'`,
  `create index outbox_open_contact_idx on ghl.outbox (hook_id, contact_id, id) where ${OPEN}`,
  `create index outbox_account_idx on ghl.outbox (account_id, id desc)`,

  // No foreign keys to DeskFlow's tables: they would add triggers there, and DeskFlow deletes rows as it likes.
  `create table ghl.contact_links (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      location_id text not null,
      contact_id bigint not null,
      ghl_contact_id text not null,
      snapshot jsonb not null default '{}',
      remote_version timestamptz,
      remote_deleted_at timestamptz,
      local_deleted_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint contact_links_ghl_contact_key unique (account_id, location_id, ghl_contact_id),
      constraint contact_links_contact_key unique (account_id, location_id, contact_id)
    ) with (fillfactor = 80)`,

  `create table ghl.connections (
      hook_id bigint primary key,
      account_id bigint not null,
      location_name text,
      timezone text,
      country text,
      state text not null default 'connected'
        check (state in ('connected', 'suspended', 'reauthorization_required', 'uninstalled')),
      reason text,
      since timestamptz not null default now(),
      consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
      next_attempt_at timestamptz,
      last_refreshed_at timestamptz,
      installed_at timestamptz,
      is_default boolean not null default false
    ) with (fillfactor = 80)`,
  `create unique index connections_default_key on ghl.connections (account_id) where is_default`,

  `create table ghl.agencies (
      account_id bigint not null,
      company_id text not null,
      access_token text not null,
      refresh_token text not null,
      expires_at timestamptz not null,
      scope text,
      user_id text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (account_id, company_id)
    )`,
  `create index agencies_company_idx on ghl.agencies (company_id)`,

  `create table ghl.oauth_states (
      nonce text primary key,
      account_id bigint not null,
      user_id bigint not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      consumed_at timestamptz
    )`,
  `create index oauth_states_expires_at_idx on ghl.oauth_states (expires_at)`,
] as const;

/** This service's own tables, all in schema `ghl`. */
export class SyncTables1795000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table ghl.inbox, ghl.outbox, ghl.contact_links, ghl.connections, ghl.agencies, ghl.oauth_states',
    );
  }
}
