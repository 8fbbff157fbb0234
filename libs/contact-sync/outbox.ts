import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { type ContactLink, GOHIGHLEVEL_APP_ID, runStatement } from '#libs/database';
import { beginClaim, type Failure, LeaseLost, storedFailure } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';

/** Contacts a worker takes at once; it pushes them side by side. Calls for them all fit in the lease of each. */
export const CONTACTS_PER_CLAIM = 50;

/** Due rows looked at for one claim; several may belong to one contact. */
const ROWS_PER_CLAIM = 4 * CONTACTS_PER_CLAIM;

/** Must outlast one contact's push: at most five calls of 15 s, each after a wait for the rate budget. */
const LEASE_SECONDS = 300;

/**
 * `offset 0` keeps the question whether a contact is busy one of that contact: joined, as a planner would that takes the
 * table for nearly empty, it compares every row that is due with every open one of the hook.
 */
const CLAIM = `
  with due as (
    select o.id, o.contact_id from ghl.outbox o
     where o.hook_id = $1 and o.state in ('pending', 'failed') and o.next_attempt_at <= now()
       and not exists (
         select from ghl.outbox busy
          where busy.hook_id = o.hook_id and busy.contact_id = o.contact_id
            and (busy.state = 'processing' or (busy.state = 'failed' and busy.next_attempt_at > now()))
         offset 0)
     order by o.next_attempt_at, o.id limit $2
  ), chosen as (
    select contact_id from due group by contact_id order by min(id) limit $3
  ), free as (
    select o.id from ghl.outbox o join chosen c on c.contact_id = o.contact_id
     where o.hook_id = $1 and o.state in ('pending', 'failed') order by o.id for update of o skip locked
  )
  update ghl.outbox o
     set state = 'processing', attempts = o.attempts + 1, lease_token = $4,
         lease_until = now() + make_interval(secs => $5)
    from free where o.id = free.id
  returning o.id, o.contact_id, o.attempts, o.changed_at`;

/** Everything the outbox holds about one contact, claimed together. */
export interface OutboundWork {
  readonly contactId: number;
  readonly rowIds: readonly number[];
  readonly leaseToken: string;
  /** Of the oldest row, this one included. */
  readonly attempts: number;
  /** When the contact was changed last. */
  readonly changedAt: Date;
}

interface ClaimedRow {
  readonly id: number;
  readonly contact_id: number;
  readonly attempts: number;
  readonly changed_at: Date;
}

/** How work ended that did not fail. */
export interface Ending {
  readonly state: 'done' | 'ignored';
  readonly reason?: string;
}

/** Rows of `ghl.outbox`: claimed under a lease, in order for each contact, finished by compare-and-set. */
@Injectable()
export class Outbox {
  constructor(private readonly database: DataSource) {}

  /**
   * Takes the due rows of some contacts. A contact with a row that is being worked on, or that waits for its next
   * attempt, is left alone with all its rows.
   */
  async claim(hookId: number): Promise<OutboundWork[]> {
    return this.database.transaction(async (manager) => {
      const leaseToken = randomUUID();
      const [, { rows }] = await Promise.all([
        beginClaim(manager, 'outbox', hookId),
        runStatement<ClaimedRow>(manager, CLAIM, [
          hookId,
          ROWS_PER_CLAIM,
          CONTACTS_PER_CLAIM,
          leaseToken,
          LEASE_SECONDS,
        ]),
      ]);
      return [...new Set(rows.map(({ contact_id }) => contact_id))].map((contactId) => {
        const own = rows.filter(({ contact_id }) => contact_id === contactId);
        const attempts = Math.max(...own.map((row) => row.attempts));
        const changedAt = new Date(Math.max(...own.map(({ changed_at }) => changed_at.getTime())));
        return { contactId, rowIds: own.map(({ id }) => id), leaseToken, attempts, changedAt };
      });
    });
  }

  /**
   * Ends the work in the caller's transaction.
   * @throws LeaseLost when it is no longer ours
   */
  async finish(manager: EntityManager, work: OutboundWork, ending: Ending): Promise<void> {
    await this.finishAll(manager, new Map([[work, ending]]));
  }

  /** As `finish`, in one statement. */
  async finishAll(manager: EntityManager, endings: ReadonlyMap<OutboundWork, Ending>): Promise<void> {
    const rows = [...endings].flatMap(([{ rowIds, leaseToken }, { state, reason = null }]) =>
      rowIds.map((id) => ({ id, leaseToken, state, reason })),
    );
    if (rows.length === 0) return;
    const [, count] = await manager.query<[unknown, number]>(
      `update ghl.outbox o
          set state = ended.state, reason = ended.reason, finished_at = now(), lease_token = null, lease_until = null
         from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[]) as ended (id, lease_token, state, reason)
        where o.id = ended.id and o.lease_token = ended.lease_token and o.state = 'processing'`,
      [
        rows.map(({ id }) => id),
        rows.map(({ leaseToken }) => leaseToken),
        rows.map(({ state }) => state),
        rows.map(({ reason }) => reason),
      ],
    );
    if (count !== rows.length) throw new LeaseLost();
  }

  /** Ends work that failed for good; nothing happens when it is no longer ours. */
  async close(
    work: OutboundWork,
    state: 'ignored' | 'dead',
    reason: string,
    failure: Failure,
  ): Promise<void> {
    await this.database.query(
      `update ghl.outbox
          set state = $3, reason = $4, last_error = $5, finished_at = now(), lease_token = null, lease_until = null
        where id = any($1::bigint[]) and lease_token = $2 and state = 'processing'`,
      [work.rowIds, work.leaseToken, state, reason, storedFailure(failure)],
    );
  }

  /** As `close`. @param isAttempt false when HighLevel could not be asked at all: that never makes a row dead */
  async retry(work: OutboundWork, delayMs: number, isAttempt: boolean, failure: Failure): Promise<void> {
    await this.database.query(
      `update ghl.outbox
          set state = 'failed', attempts = attempts - $3, next_attempt_at = now() + make_interval(secs => $4),
              last_error = $5, lease_token = null, lease_until = null
        where id = any($1::bigint[]) and lease_token = $2 and state = 'processing'`,
      [work.rowIds, work.leaseToken, isAttempt ? 0 : 1, delayMs / 1000, storedFailure(failure)],
    );
  }

  /**
   * Asks for a push of what the capturing trigger did not see, because a sync wrote it. A row that waits already serves,
   * and stays as old as it is; it is locked all the same, so that nobody takes it before this is committed.
   */
  async enqueue(
    manager: EntityManager,
    hook: { readonly id: number; readonly accountId: number },
    contactId: number,
    ghlContactId: string | null,
  ): Promise<void> {
    await manager.query(
      `insert into ghl.outbox (account_id, hook_id, contact_id, operation, ghl_contact_id)
       values ($1, $2, $3, 'push', $4)
       on conflict (hook_id, contact_id, operation) where state = 'pending'
       do update set changed_at = ghl.outbox.changed_at`,
      [hook.accountId, hook.id, contactId, ghlContactId],
    );
  }

  /** What waits to be sent of a linked contact is not sent any more. */
  async dropOpen(
    manager: EntityManager,
    { accountId, locationId, contactId }: Pick<ContactLink, 'accountId' | 'locationId' | 'contactId'>,
    reason: string,
  ): Promise<void> {
    await manager.query(
      `update ghl.outbox o set state = 'ignored', reason = $4, finished_at = now()
         from public.integrations_hooks h
        where h.account_id = $1 and h.app_id = '${GOHIGHLEVEL_APP_ID}' and h.reference_id = $2
          and o.hook_id = h.id and o.contact_id = $3 and o.state in ('pending', 'failed')`,
      [accountId, locationId, contactId, reason],
    );
  }
}
