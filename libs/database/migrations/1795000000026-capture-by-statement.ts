import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What `ghl.capture_contact_change` (migration 4) does for a row, for all that a statement has inserted: an import inserts
 * hundreds, and nearly always nobody is to be told of any.
 */
function captureInserted(name: string, contacts: string): string {
  return `
    create function ghl.${name}() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      perform ghl.enqueue_contact_change(
                contact.account_id, contact.id, 'push',
                coalesce(contact.custom_attributes ->> 'ghl_deleted', '') not in ('', 'false'))
         from (${contacts}) contact
        where exists (
          select from public.integrations_hooks hook
           where hook.account_id = contact.account_id and hook.app_id = 'gohighlevel' and hook.status = 1
             and hook.id::text is distinct from current_setting('ghl.origin', true))
        order by contact.id;
      return null;
    end $$`;
}

/** Their own labels, not those of conversations. */
const LABELLED = `
  select c.id, c.account_id, c.custom_attributes from public.contacts c
   where c.id in (select taggable_id from inserted where taggable_type = 'Contact' and context = 'labels')`;

const BY_STATEMENT = [
  captureInserted('capture_inserted_contacts', 'select id, account_id, custom_attributes from inserted'),
  captureInserted('capture_inserted_labels', LABELLED),
  `revoke all on function ghl.capture_inserted_contacts(), ghl.capture_inserted_labels() from public`,
  `drop trigger ghl_capture_insert_delete on public.contacts`,
  `create trigger ghl_capture_delete after delete on public.contacts
    for each row execute function ghl.capture_contact_change()`,
  `create trigger ghl_capture_insert after insert on public.contacts referencing new table as inserted
    for each statement execute function ghl.capture_inserted_contacts()`,
  `drop trigger ghl_capture_label_insert on public.taggings`,
  `create trigger ghl_capture_label_insert after insert on public.taggings referencing new table as inserted
    for each statement execute function ghl.capture_inserted_labels()`,
] as const;

const BY_ROW = [
  `drop trigger ghl_capture_insert on public.contacts`,
  `drop trigger ghl_capture_delete on public.contacts`,
  `create trigger ghl_capture_insert_delete after insert or delete on public.contacts
    for each row execute function ghl.capture_contact_change()`,
  `drop trigger ghl_capture_label_insert on public.taggings`,
  `create trigger ghl_capture_label_insert after insert on public.taggings
    for each row when (new.taggable_type = 'Contact' and new.context = 'labels')
    execute function ghl.capture_contact_change()`,
  `drop function ghl.capture_inserted_contacts(), ghl.capture_inserted_labels()`,
] as const;

/** New contacts and labels are captured once a statement instead of once a row. */
export class CaptureByStatement1795000000026 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of BY_STATEMENT) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of BY_ROW) await runner.query(statement);
  }
}
