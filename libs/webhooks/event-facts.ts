import { GOHIGHLEVEL_APP_ID, HookStatus, type WorkState } from '#libs/database';
import { type EntityManager } from 'typeorm';

/** What decides about replaying or discarding an event. */
export interface EventFacts {
  readonly id: number;
  readonly type: string;
  readonly state: WorkState;
  readonly reason: string | null;
  readonly locationId: string | null;
  readonly hasPayload: boolean;
  /** Of the account's connection to the event's location, which may be a later one; null when there is none. */
  readonly hookId: number | null;
  /** Whether that connection is in use. */
  readonly isConnected: boolean;
  /**
   * The contact was synced after the event came, and there is no pair of times that tells which is newer: the stale
   * check of the contact sync would let it through.
   */
  readonly isOvertaken: boolean;
}

/**
 * Locks events of an account until the transaction ends, in one order for all.
 * @param state only those that are in it; undefined for any
 */
export async function lockEvents(
  manager: EntityManager,
  accountId: number,
  ids: readonly number[],
  state?: WorkState,
): Promise<EventFacts[]> {
  return manager.query<EventFacts[]>(
    `select i.id, i.type, i.state, i.reason, i.location_id as "locationId", i.body is not null as "hasPayload",
            hook.id as "hookId", coalesce(hook.status = ${HookStatus.enabled}, false) as "isConnected",
            coalesce(link.updated_at > i.received_at and (link.remote_version is null or i.event_at is null), false)
              as "isOvertaken"
       from ghl.inbox i
       left join lateral (
              select h.id, h.status from public.integrations_hooks h
               where h.app_id = '${GOHIGHLEVEL_APP_ID}' and h.account_id = i.account_id
                 and h.reference_id = i.location_id
               order by h.status desc nulls last, h.id limit 1) hook on true
       left join ghl.contact_links link
              on link.account_id = i.account_id and link.location_id = i.location_id
             and link.ghl_contact_id = substring(i.entity_key from '^contact:(.*)$')
      where i.account_id = $1 and i.id = any($2::bigint[]) and ($3::text is null or i.state = $3)
      order by i.id for update of i`,
    [accountId, ids, state ?? null],
  );
}
