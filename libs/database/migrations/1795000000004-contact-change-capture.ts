import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What of a contact HighLevel has a field for. `last_activity_at`, which changes with every message, is not here. */
const MAPPED_COLUMNS = ['name', 'email', 'phone_number'] as const;
const MAPPED_ADDITIONAL_ATTRIBUTES = [
  'company_name',
  'address',
  'city',
  'state',
  'postal_code',
  'country',
  'country_code',
  'website',
  'timezone',
  'source',
] as const;

/** Custom attributes by which this service tells DeskFlow something; they are never sent back. */
const OWN_CUSTOM_ATTRIBUTES = [
  'ghl_deleted',
  'ghl_dnd',
  'ghl_dnd_settings',
  'ghl_assigned_to',
  'ghl_type',
] as const;

/**
 * Writes one coalesced row per hook that keeps this contact: those that are linked to it, and for a contact without
 * a link at that location the place new contacts go to (the only location, or the one chosen as default).
 *
 * - `ghl.origin` names the hook whose sync is writing. Its value is compared as text: whatever somebody sets there
 *   must not make their write fail. Unset and '' both mean nobody.
 * - A contact that HighLevel has deleted is not sent back, its link says so; one that was archived before it had a
 *   link neither.
 * - On conflict `do update`, not `do nothing`: the update locks the pending row until this transaction ends, and
 *   claims use `skip locked`. A claim in between would otherwise take the row, read the contact as it was before this
 *   change, and finish; the change would never be sent.
 * - `order by`: two transactions that touch the same contacts meet the rows in the same order.
 *
 * It runs with its owner's rights, since DeskFlow's role need not have any on schema `ghl`, and therefore with a fixed
 * search path.
 */
const ENQUEUE = `
  create function ghl.enqueue_contact_change(account bigint, contact bigint, change text, is_archived boolean)
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
             when link.id is not null then link.remote_deleted_at is null
             when change = 'delete' or is_archived then false
             else connection.is_default is true or not exists (
               select from public.integrations_hooks other
                where other.account_id = account and other.app_id = 'gohighlevel' and other.status = 1
                  and other.id <> hook.id)
           end
     order by hook.id
    on conflict (hook_id, contact_id, operation) where state = 'pending'
      do update set changed_at = now(), ghl_contact_id = coalesce(excluded.ghl_contact_id, pending.ghl_contact_id)
  $$`;

const CAPTURE = `
  create function ghl.capture_contact_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  declare
    changed record := case when tg_op = 'DELETE' then old else new end;
    contact record;
  begin
    if tg_table_name = 'taggings' then
      select c.id, c.account_id, c.custom_attributes into contact from public.contacts c where c.id = changed.taggable_id;
    else
      contact := changed;
    end if;
    -- Most accounts are not connected, or have one hook, whose sync is writing: a look into an index, and it goes on.
    if contact.id is null or not exists (
      select from public.integrations_hooks
       where account_id = contact.account_id and app_id = 'gohighlevel' and status = 1
         and id::text is distinct from current_setting('ghl.origin', true)
    ) then
      return null;
    end if;
    perform ghl.enqueue_contact_change(
      contact.account_id,
      contact.id,
      case when tg_table_name = 'contacts' and tg_op = 'DELETE' then 'delete' else 'push' end,
      coalesce(contact.custom_attributes ->> 'ghl_deleted', '') not in ('', 'false')
    );
    return null;
  end $$`;

/** Keys can only be taken from an object; for anything else `-` raises, and the write that fired the trigger would fail. */
function foreignAttributes(row: 'old' | 'new'): string {
  const value = `${row}.custom_attributes`;
  return `(case jsonb_typeof(${value}) when 'object' then ${value} - '{${OWN_CUSTOM_ATTRIBUTES.join()}}'::text[] end)`;
}

const MAPPED_VALUE_CHANGED = [
  ...MAPPED_COLUMNS.map((column) => `old.${column} is distinct from new.${column}`),
  ...MAPPED_ADDITIONAL_ATTRIBUTES.map(
    (key) => `old.additional_attributes -> '${key}' is distinct from new.additional_attributes -> '${key}'`,
  ),
  `${foreignAttributes('old')} is distinct from ${foreignAttributes('new')}`,
].join('\n      or ');

const isContactLabel = (row: 'old' | 'new'): string =>
  `${row}.taggable_type = 'Contact' and ${row}.context = 'labels'`;

/** Conditions stand in `when`: an uninteresting write does not even enter the function. */
const TRIGGERS = [
  `create trigger ghl_capture_insert_delete after insert or delete on public.contacts
    for each row execute function ghl.capture_contact_change()`,
  `create trigger ghl_capture_update after update on public.contacts
    for each row when (${MAPPED_VALUE_CHANGED}) execute function ghl.capture_contact_change()`,
  `create trigger ghl_capture_label_insert after insert on public.taggings
    for each row when (${isContactLabel('new')}) execute function ghl.capture_contact_change()`,
  `create trigger ghl_capture_label_delete after delete on public.taggings
    for each row when (${isContactLabel('old')}) execute function ghl.capture_contact_change()`,
] as const;

/** Whoever changes a contact, it is pushed: DeskFlow's Rails code, SQL, or this service. */
export class ContactChangeCapture1795000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ENQUEUE);
    await runner.query(CAPTURE);
    // As owner-rights functions they must not be callable by whoever finds them; firing a trigger needs no grant.
    await runner.query(`revoke all on function ghl.capture_contact_change(),
      ghl.enqueue_contact_change(bigint, bigint, text, boolean) from public`);
    for (const trigger of TRIGGERS) await runner.query(trigger);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const trigger of ['ghl_capture_insert_delete', 'ghl_capture_update']) {
      await runner.query(`drop trigger ${trigger} on public.contacts`);
    }
    for (const trigger of ['ghl_capture_label_insert', 'ghl_capture_label_delete']) {
      await runner.query(`drop trigger ${trigger} on public.taggings`);
    }
    await runner.query(`drop function ghl.capture_contact_change(),
      ghl.enqueue_contact_change(bigint, bigint, text, boolean)`);
  }
}
