import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';

interface Place {
  readonly accountId: number;
  readonly locationId: string;
}

/** Whom a sweep has seen in HighLevel (`ghl.sighted_contacts`): in the database, as a location may have a million. */
@Injectable()
export class SightedContacts {
  async add(
    manager: EntityManager,
    { accountId, locationId }: Place,
    ghlContactIds: readonly string[],
  ): Promise<void> {
    await manager.query(
      `insert into ghl.sighted_contacts (account_id, location_id, ghl_contact_id)
       select $1, $2, unnest($3::text[]) on conflict do nothing`,
      [accountId, locationId, ghlContactIds],
    );
  }

  async forget(manager: EntityManager, { accountId, locationId }: Place): Promise<void> {
    await manager.query('delete from ghl.sighted_contacts where account_id = $1 and location_id = $2', [
      accountId,
      locationId,
    ]);
  }

  /** Contacts of HighLevel that were linked before then, and that the sweep has not seen. */
  async missing(
    manager: EntityManager,
    { accountId, locationId }: Place,
    linkedBefore: Date,
    limit: number,
  ): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(
      `select l.ghl_contact_id as id from ghl.contact_links l
        where l.account_id = $1 and l.location_id = $2 and l.remote_deleted_at is null
          and l.local_deleted_at is null and l.unlinked_at is null and l.updated_at < $3
          and not exists (select from ghl.sighted_contacts s
                           where s.account_id = l.account_id and s.location_id = l.location_id
                             and s.ghl_contact_id = l.ghl_contact_id)
        limit $4`,
      [accountId, locationId, linkedBefore, limit],
    );
    return rows.map(({ id }) => id);
  }
}
