import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { type DataSource } from 'typeorm';

/** A hook whose token may end soon. */
export interface RefreshCandidate {
  readonly id: number;
  /** As anybody may have written it: see `parseTime`. */
  readonly expiresAt: unknown;
  /** False while it has to wait, or waits for a person. */
  readonly mayBeTried: boolean;
}

/**
 * Enabled hooks by id, after the id `$1`, `$2` of them. An index of exactly these is walked in its own order, so that a
 * batch costs the same however many hooks, of whatever app, there are. `expires_at` is compared outside: DeskFlow and
 * this service write it in several textual forms, which SQL cannot compare.
 */
export const CANDIDATES_AFTER = `
  select h.id, h."expiresAt",
         coalesce(c.state, 'connected') in ('connected', 'suspended')
           and (c.next_attempt_at is null or c.next_attempt_at <= now()) as "mayBeTried"
    from (select id, settings->'expires_at' as "expiresAt" from integrations_hooks
           where app_id = '${GOHIGHLEVEL_APP_ID}' and status = ${HookStatus.enabled} and access_token is not null
             and id > $1
           order by id limit $2) h
    left join ghl.connections c on c.hook_id = h.id
   order by h.id`;

export async function candidatesAfter(
  database: DataSource,
  lastId: number,
  limit: number,
): Promise<RefreshCandidate[]> {
  return database.query<RefreshCandidate[]>(CANDIDATES_AFTER, [lastId, limit]);
}
