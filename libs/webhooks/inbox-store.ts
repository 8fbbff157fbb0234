import { GOHIGHLEVEL_APP_ID, HookStatus, type PreparedStatement, runStatement } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { type Delivery } from './delivery.js';
import { LIFECYCLE_LANE } from './inbox-claims.js';

/**
 * The hook that a location's deliveries belong to is looked up here, in the statement that files them: a location
 * belongs to one account, and the enabled hook counts should there be several. A key that is there already is a
 * duplicate and changes nothing. The bodies come end to end in one parameter: that is the one way to send many byte
 * strings as they are. Prepared, because planning it would take longer than storing a delivery.
 */
const STORE: PreparedStatement = {
  name: 'ghl_inbox_store',
  text: `
  with hook as (
    select distinct on (reference_id) reference_id, id, account_id, status = ${HookStatus.enabled} as enabled
      from public.integrations_hooks
     where app_id = '${GOHIGHLEVEL_APP_ID}' and reference_id = any($1::text[])
     order by reference_id, status desc nulls last, id
  ), stored as (
    insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, company_id, entity_key, event_at, body,
                           received_at, state, reason, finished_at)
    select d.key, d.type, hook.account_id, case d.kind when 'uninstall' then ${LIFECYCLE_LANE} else hook.id end,
           d.location_id, d.company_id, d.entity_key, to_timestamp(d.event_ms / 1000),
           substring($2::bytea from d.body_start for d.body_length), to_timestamp(d.received_ms / 1000),
           fate.state, fate.reason, case when fate.state in ('ignored', 'dead') then now() end
      from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::int[], $10::int[],
                  $11::text[], $12::text[], $13::float8[]) with ordinality
           as d (key, type, location_id, company_id, entity_key, event_ms, body_start, body_length, kind, reason,
                 received_ms, position)
      left join hook on hook.reference_id = d.location_id
     cross join lateral (
             select case when d.kind in ('ignored', 'dead') then d.kind
                         when d.kind = 'uninstall' then 'pending'
                         when d.kind = 'install' then case when hook.enabled then 'ignored' else 'parked' end
                         when hook.enabled then 'pending'
                         else 'ignored' end as state,
                    case when d.kind in ('ignored', 'dead') then d.reason
                         when d.kind = 'uninstall' then null
                         when d.kind = 'install'
                           then case when hook.enabled then 'already_connected' else 'not_claimed' end
                         when hook.enabled then null
                         when hook.id is null then 'location_not_connected'
                         else 'disconnected' end as reason) fate
     order by d.position
    on conflict (delivery_key) do nothing
    returning hook_id, state)
  select count(*) as stored, array_agg(distinct hook_id) filter (where state = 'pending') as "dueHookIds" from stored`,
};

/** What storing deliveries came to. */
export interface Stored {
  /** Of them, how many were new. */
  readonly stored: number;
  /** Hooks that now have work; null where there are none. */
  readonly dueHookIds: readonly number[] | null;
}

/** Stores deliveries in the inbox, in their order, each once. */
export async function storeInInbox(manager: EntityManager, deliveries: readonly Delivery[]): Promise<Stored> {
  const starts: number[] = [];
  let end = 0;
  for (const { body } of deliveries) {
    starts.push(end + 1); // PostgreSQL counts from one
    end += body.length;
  }
  const {
    rows: [outcome],
  } = await runStatement<Stored>(manager, STORE, [
    [...new Set(deliveries.map(({ locationId }) => locationId))],
    Buffer.concat(deliveries.map(({ body }) => body)),
    deliveries.map(({ key }) => key),
    deliveries.map(({ type }) => type),
    deliveries.map(({ locationId }) => locationId),
    deliveries.map(({ companyId }) => companyId),
    deliveries.map(({ entityKey }) => entityKey),
    deliveries.map(({ eventAt }) => eventAt?.getTime()),
    starts,
    deliveries.map(({ body }) => body.length),
    deliveries.map(({ fate }) => fate.kind),
    deliveries.map(({ fate }) => ('reason' in fate ? fate.reason : null)),
    deliveries.map(({ receivedAt }) => receivedAt.getTime()),
  ]);
  return outcome ?? { stored: 0, dueHookIds: null };
}
