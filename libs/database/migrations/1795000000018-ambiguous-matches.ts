import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table ghl.ambiguous_matches (
      id bigint generated always as identity primary key,
      account_id bigint not null,
      location_id text not null,
      ghl_contact_id text not null,
      reason text not null check (reason in ('several_with_email', 'several_with_phone')),
      name text,
      email text,
      phone text,
      candidate_ids bigint[] not null,
      seen_at timestamptz not null default now(),
      resolved_at timestamptz,
      resolved_by bigint,
      contact_id bigint,
      constraint ambiguous_matches_contact_key unique (account_id, location_id, ghl_contact_id)
    )`,
  `create index ambiguous_matches_account_idx on ghl.ambiguous_matches (account_id, id desc)`,
] as const;

/** Contacts of HighLevel that may be one of several of DeskFlow: a person says which. */
export class AmbiguousMatches1795000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.ambiguous_matches');
  }
}
