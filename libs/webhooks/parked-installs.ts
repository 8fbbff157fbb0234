import { type EntityManager } from 'typeorm';
import { LIFECYCLE_LANE } from './inbox-claims.js';

/** Rows in one statement; the next sweep takes the others. */
const AT_ONCE = 100;

/**
 * Brings INSTALLs back to work whose agency has become known: the callback that brings the agency may come after them,
 * or while they are stored. One without a company may belong to any agency whose new locations get the app.
 */
export async function wakeParkedInstalls(manager: EntityManager): Promise<void> {
  await manager.query(
    `update ghl.inbox set state = 'pending', reason = null, hook_id = ${LIFECYCLE_LANE}, next_attempt_at = now()
      where id in (
        select i.id from ghl.inbox i
         where i.state = 'parked' and i.reason = 'not_claimed'
           and case when i.company_id is null
                    then exists (select from ghl.agencies a where a.install_to_future_locations)
                    else exists (select from ghl.agencies a where a.company_id = i.company_id) end
         limit ${AT_ONCE} for update skip locked)`,
  );
}
