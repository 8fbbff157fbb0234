import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * As migration 4 made it, and two things more: a contact that a person has unlinked is left alone, and a row says in
 * which transaction it was written, by which a merge is told from a deletion.
 */
const ENQUEUE = (isUnlinkedLeftAlone: boolean): string => `
  create or replace function ghl.enqueue_contact_change(account bigint, contact bigint, change text, is_archived boolean)
  returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ghl.outbox as pending (account_id, hook_id, contact_id, operation, ghl_contact_id)
    select account, hook.id, contact, change, link.ghl_contact_id
      from public.integrations_hooks hook
      left join ghl.contact_links link
        on link.account_id = account and link.location_id = hook.reference_id and link.contact_id = contact
      left join ghl.connections connection on connection.hook_id = hook.id
     where hook.account_id = account
       and hook.app_id = 'gohighlevel'
       and hook.status = 1
       and hook.reference_id is not null
       and hook.id::text is distinct from current_setting('ghl.origin', true)
       and case
             when link.id is not null then link.remote_deleted_at is null ${isUnlinkedLeftAlone ? 'and link.unlinked_at is null' : ''}
             when change = 'delete' or is_archived then false
             else connection.is_default is true or not exists (
               select from public.integrations_hooks other
                where other.account_id = account and other.app_id = 'gohighlevel' and other.status = 1
                  and other.id <> hook.id)
           end
     order by hook.id
    on conflict (hook_id, contact_id, operation) where state = 'pending'
      do update set changed_at = now(), ghl_contact_id = coalesce(excluded.ghl_contact_id, pending.ghl_contact_id)
                    ${isUnlinkedLeftAlone ? ', written_by = excluded.written_by' : ''}
  $$`;

const STATEMENTS = [
  `alter table ghl.contact_links
     add column direction text check (direction in ('in', 'out')),
     add column unlinked_at timestamptz`,
  // Without a default for the rows that are there: an addition that rewrites nothing.
  `alter table ghl.outbox add column written_by xid8`,
  `alter table ghl.outbox alter column written_by set default pg_current_xact_id()`,
  `create index outbox_dead_contact_idx on ghl.outbox (hook_id, contact_id, id) where state = 'dead'`,
  ENQUEUE(true),
] as const;

/** What is to be known of each contact: which way it went last, that a person unlinked it, that its push failed for good. */
export class ContactSyncState1795000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(ENQUEUE(false));
    await runner.query('drop index ghl.outbox_dead_contact_idx');
    await runner.query('alter table ghl.outbox drop column written_by');
    await runner.query('alter table ghl.contact_links drop column direction, drop column unlinked_at');
  }
}
