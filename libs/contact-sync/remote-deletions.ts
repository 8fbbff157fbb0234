import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Place } from './contact-links.js';

/** Longer than HighLevel repeats a delivery (three days, HL 4.3) and anybody replays one. */
const KEPT_DAYS = 30;
/** Old rows that make room when new ones come. */
const PRUNED_AT_ONCE = 500;

/** When HighLevel deleted a contact that was never here. */
export interface RemoteDeletion {
  readonly ghlContactId: string;
  readonly deletedAt: Date;
}

/**
 * Deletions of contacts that have no link to remember them (`ghl.remote_deletions`). Deliveries overtake each other:
 * the creation of a contact may come after its deletion. `ContactLinks.known` reads them. The contacts must be locked
 * (`ContactLinks.lock`).
 */
@Injectable()
export class RemoteDeletions {
  async remember(
    manager: EntityManager,
    { accountId, locationId }: Place,
    deletions: readonly RemoteDeletion[],
  ): Promise<void> {
    if (deletions.length === 0) return;
    await manager.query(
      `with old as (
         delete from ghl.remote_deletions where ctid = any (array(
           select ctid from ghl.remote_deletions where deleted_at < now() - make_interval(days => $5)
            order by deleted_at limit $6 for update skip locked)))
       insert into ghl.remote_deletions as known (account_id, location_id, ghl_contact_id, deleted_at)
       select $1, $2, d.* from unnest($3::text[], $4::timestamptz[]) as d
       on conflict (account_id, location_id, ghl_contact_id)
          do update set deleted_at = greatest(known.deleted_at, excluded.deleted_at)`,
      [
        accountId,
        locationId,
        deletions.map(({ ghlContactId }) => ghlContactId),
        deletions.map(({ deletedAt }) => deletedAt),
        KEPT_DAYS,
        PRUNED_AT_ONCE,
      ],
    );
  }
}
