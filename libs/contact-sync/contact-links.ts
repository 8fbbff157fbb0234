import { Injectable } from '@nestjs/common';
import {
  ContactLink,
  type Hook,
  type PreparedStatement,
  runStatement,
  type SyncDirection,
} from '#libs/database';
import { Any, type EntityManager } from 'typeorm';
import { type ContactFields } from './canonical-contact.js';
import { type PushTrace } from './push-trace.js';

/** Rows that the connections of an account's workers spread over, so that they do not queue up for one. */
const COUNT_SHARDS = 8;

/** Where links belong: a location of an account. They outlive the hook, which a disconnect deletes. */
export interface Place {
  readonly accountId: number;
  readonly locationId: string;
}

export function placeOfHook(hook: Pick<Hook, 'accountId' | 'referenceId'>): Place {
  return { accountId: hook.accountId, locationId: hook.referenceId ?? '' };
}

/** What both sides agree on from now on. */
export interface Agreement {
  readonly contactId: number;
  readonly ghlContactId: string;
  readonly snapshot: ContactFields;
  readonly remoteVersion: Date | null;
  /** What the last pushes wrote over; what is known of that stays where it is left out. */
  readonly pushes?: readonly PushTrace[] | undefined;
}

/** First key of the advisory locks on HighLevel's contacts: "ghl" and a number, as in pg_locks. */
const REMOTE_CONTACT_LOCK = 0x67686c11;
/** That of the gates. */
const GATE_LOCK = 0x67686c17;

/** Each contact may take three advisory locks, and PostgreSQL has room for 6,000: more contacts go through a gate. */
const MOST_BESIDE_ANY = 250;
const GATES = 3;

/** In one order for all, so that two transactions with the same contacts do not block each other. */
const KEYS = `(select distinct hashtext(key) as lock_key from unnest($2::text[]) as key order by 1 offset 0) as keys`;

const LOCK: PreparedStatement = {
  name: 'lock_remote_contacts',
  text: `select count(pg_advisory_xact_lock($1, lock_key)) from ${KEYS}`,
};

const TRY_GATES = Array.from(
  { length: GATES },
  (_, gate) => `when pg_try_advisory_xact_lock(${GATE_LOCK}, ${gate}) then true`,
);

/** Through the first gate that is open; where none is, this waits for the one that is the connection's. */
const LOCK_MANY: PreparedStatement = {
  name: 'lock_many_remote_contacts',
  text: `
    with gate as materialized (
      select case ${TRY_GATES.join(' ')} else pg_advisory_xact_lock(${GATE_LOCK}, pg_backend_pid() % ${GATES}) is null end)
    select count(pg_advisory_xact_lock($1, lock_key)) from gate cross join ${KEYS}`,
};

/**
 * `(select …)`: a planner that knew the place would think a location nearly empty that its statistics have not seen, and
 * read all of its links instead of looking these contacts up. If it knew the ids, it would weigh each of them.
 */
const THESE = `
     where account_id = (select $1::bigint) and location_id = (select $2::text)
       and ghl_contact_id = any((select $3::text[])::text[])`;

const KNOWN = `
    select id, account_id as "accountId", location_id as "locationId", contact_id as "contactId",
           ghl_contact_id as "ghlContactId", snapshot, remote_version as "remoteVersion",
           remote_deleted_at as "remoteDeletedAt", local_deleted_at as "localDeletedAt", unlinked_at as "unlinkedAt",
           direction, pushes, created_at as "createdAt", updated_at as "updatedAt", null::timestamptz as "deletedAt"
      from ghl.contact_links ${THESE}
    union all
    select null, null, null, null, ghl_contact_id, null, null, null, null, null, null, null, null, null, deleted_at
      from ghl.remote_deletions ${THESE}`;

type KnownRow = (ContactLink | { readonly id: null; readonly ghlContactId: string }) & {
  readonly deletedAt: Date | null;
};

/** What there is of contacts of HighLevel. */
export interface Known {
  readonly links: readonly ContactLink[];
  /** When contacts were deleted that had no link to remember it, by their id (`RemoteDeletions`). */
  readonly deletions: ReadonlyMap<string, Date>;
}

const AGREE: PreparedStatement = {
  name: 'agree',
  text: `
    with linked as (
      insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, snapshot, remote_version,
                                     pushes, updated_at, direction)
      select $1, $2, agreed.*, clock_timestamp(), $7
        from unnest($3::bigint[], $4::text[], $5::jsonb[], $6::timestamptz[], $8::jsonb[]) as agreed
      on conflict (account_id, location_id, contact_id) do update
         set ghl_contact_id = excluded.ghl_contact_id, snapshot = excluded.snapshot,
             remote_version = excluded.remote_version, remote_deleted_at = null, local_deleted_at = null,
             pushes = coalesce(excluded.pushes, contact_links.pushes), updated_at = clock_timestamp(),
             direction = excluded.direction)
    insert into ghl.sync_counts (account_id, hour, direction, shard, contacts)
    values ($1, date_trunc('hour', now(), 'UTC'), $7, pg_backend_pid() % ${COUNT_SHARDS}, $9)
    on conflict (account_id, hour, direction, shard)
       do update set contacts = sync_counts.contacts + excluded.contacts`,
};

/** Which contact of a location is which DeskFlow contact (`ghl.contact_links`). */
@Injectable()
export class ContactLinks {
  /** Until the transaction ends nobody else applies anything to these contacts of HighLevel, linked or not. */
  async lock(manager: EntityManager, place: Place, ghlContactIds: readonly string[]): Promise<void> {
    const keys = ghlContactIds.map((id) => `${place.accountId}:${place.locationId}:${id}`);
    const statement = keys.length > MOST_BESIDE_ANY ? LOCK_MANY : LOCK;
    await runStatement(manager, statement, [REMOTE_CONTACT_LOCK, keys]);
  }

  async ofRemote(
    manager: EntityManager,
    { accountId, locationId }: Place,
    ghlContactId: string,
  ): Promise<ContactLink | undefined> {
    return (await manager.findOneBy(ContactLink, { accountId, locationId, ghlContactId })) ?? undefined;
  }

  async ofRemotes(
    manager: EntityManager,
    place: Place,
    ghlContactIds: readonly string[],
  ): Promise<readonly ContactLink[]> {
    return (await this.known(manager, place, ghlContactIds)).links;
  }

  async known(
    manager: EntityManager,
    { accountId, locationId }: Place,
    ghlContactIds: readonly string[],
  ): Promise<Known> {
    const { rows } = await runStatement<KnownRow>(manager, KNOWN, [accountId, locationId, ghlContactIds]);
    return {
      links: rows.filter((row) => row.id !== null),
      deletions: new Map(
        rows.flatMap(({ ghlContactId, deletedAt }) => (deletedAt ? [[ghlContactId, deletedAt]] : [])),
      ),
    };
  }

  async ofContact(
    manager: EntityManager,
    { accountId, locationId }: Place,
    contactId: number,
  ): Promise<ContactLink | undefined> {
    return (await manager.findOneBy(ContactLink, { accountId, locationId, contactId })) ?? undefined;
  }

  /** Those of these contacts in all of the account's locations. */
  async ofContacts(
    manager: EntityManager,
    accountId: number,
    contactIds: readonly number[],
  ): Promise<ContactLink[]> {
    return manager.findBy(ContactLink, { accountId, contactId: Any([...contactIds]) });
  }

  /**
   * Links contacts, or links them anew: what a link said about deletions on either side is over. Counts them for the
   * dashboard in the same statement. The contacts' rows must be locked, which keeps their links from changing.
   */
  async agree(
    manager: EntityManager,
    place: Place,
    direction: SyncDirection,
    agreements: readonly Agreement[],
  ): Promise<void> {
    if (agreements.length === 0) return;
    await runStatement(manager, AGREE, [
      place.accountId,
      place.locationId,
      agreements.map(({ contactId }) => contactId),
      agreements.map(({ ghlContactId }) => ghlContactId),
      agreements.map(({ snapshot }) => snapshot),
      agreements.map(({ remoteVersion }) => remoteVersion),
      direction,
      agreements.map(({ pushes }) => pushes),
      agreements.length,
    ]);
  }

  /** The partner of one DeskFlow contact becomes that of another, which must be locked and have none. */
  async move(manager: EntityManager, link: ContactLink, contactId: number): Promise<void> {
    await manager.query(
      'update ghl.contact_links set contact_id = $2, updated_at = clock_timestamp() where id = $1',
      [link.id, contactId],
    );
  }

  /** What a push wrote over was settled, and is not to be settled again. */
  async keepTraces(manager: EntityManager, link: ContactLink, pushes: readonly PushTrace[]): Promise<void> {
    await manager.query('update ghl.contact_links set pushes = $2 where id = $1', [
      link.id,
      JSON.stringify(pushes),
    ]);
  }

  /** Makes room for another link with the same contact of HighLevel. */
  async remove(manager: EntityManager, link: ContactLink): Promise<void> {
    await manager.delete(ContactLink, { id: link.id });
  }

  /** @param unlinked false to take it back */
  async markUnlinked(manager: EntityManager, link: ContactLink, unlinked: boolean): Promise<void> {
    await manager.query(
      `update ghl.contact_links
          set unlinked_at = case when $2 then coalesce(unlinked_at, now()) end, updated_at = clock_timestamp()
        where id = $1`,
      [link.id, unlinked],
    );
  }

  /** Both sides agree without anything having been sent: what was given up before is settled by it. */
  async confirm(manager: EntityManager, hookId: number, links: readonly ContactLink[]): Promise<void> {
    await manager.query(
      `update ghl.contact_links l set updated_at = clock_timestamp()
        where l.id = any($1::bigint[]) and exists (
          select from ghl.outbox o
           where o.hook_id = $2 and o.contact_id = l.contact_id and o.state = 'dead' and o.finished_at > l.updated_at)`,
      [links.map(({ id }) => id), hookId],
    );
  }

  async markRemoteDeleted(manager: EntityManager, link: ContactLink, at: Date): Promise<void> {
    await manager.query(
      `update ghl.contact_links
          set remote_deleted_at = $2, remote_version = greatest(remote_version, $2), updated_at = clock_timestamp()
        where id = $1`,
      [link.id, at],
    );
  }

  async markLocalDeleted(manager: EntityManager, link: ContactLink): Promise<void> {
    await manager.query(
      `update ghl.contact_links set local_deleted_at = coalesce(local_deleted_at, now()), updated_at = clock_timestamp()
        where id = $1`,
      [link.id],
    );
  }
}
