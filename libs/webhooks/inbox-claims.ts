import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { runStatement } from '#libs/database';
import { beginClaim, type Failure, LeaseLost, storedFailure, withAttempt } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';

/**
 * `hook_id` of INSTALL and UNINSTALL rows that are to be applied. An agency's concerns several hooks at once and may
 * name none of ours, and it must be applied whatever state the hook is in: these rows have a lane of their own.
 */
export const LIFECYCLE_LANE = 0;

/** Rows applied in one transaction. Each may take three advisory locks, and PostgreSQL has room for some 6,000. */
export const ROWS_PER_CLAIM = 250;
/** What a worker that died held is taken back after this long; one that lives renews in time. */
const LEASE_SECONDS = 15;
const RENEW_EVERY_MS = 5_000;

/**
 * Whether a row's entity is free: none of its rows is worked on or waits for its next attempt. As `not in`, whose list
 * PostgreSQL hashes; an array it would go through for each row.
 */
const IS_FREE = `
  (i.entity_key is null or i.entity_key not in (
    select busy.entity_key from ghl.inbox busy
     where busy.hook_id = $1 and busy.state = 'processing' and busy.entity_key is not null
    union all
    select busy.entity_key from ghl.inbox busy
     where busy.hook_id = $1 and busy.state = 'failed' and busy.next_attempt_at > now() and busy.entity_key is not null))`;

const CLAIM = `
    with pending as (
      select i.id from ghl.inbox i
       where i.hook_id = $1 and i.state = 'pending' and ${IS_FREE} order by i.id limit ${ROWS_PER_CLAIM} for update skip locked
    ), failed as (
      select i.id from ghl.inbox i
       where i.hook_id = $1 and i.state = 'failed' and i.next_attempt_at <= now() and ${IS_FREE}
       order by i.next_attempt_at limit ${ROWS_PER_CLAIM} for update skip locked
    ), due as (
      select id from pending union all select id from failed order by id limit ${ROWS_PER_CLAIM}
    )
    update ghl.inbox i
       set state = 'processing', attempts = i.attempts + 1, lease_token = $2,
           lease_until = now() + make_interval(secs => $3)
      from due where i.id = due.id
    returning i.id, i.type, i.location_id as "locationId", i.company_id as "companyId",
              i.entity_key as "entityKey", i.event_at as "eventAt", i.received_at as "receivedAt", i.body,
              i.attempts, i.lease_token as "leaseToken"`;

/** Rows that end alike. By their ids alone: a join with other rows that are being worked on would compare all with all. */
const FINISH = `
    update ghl.inbox
       set state = $3, reason = $4, finished_at = now(), lease_token = null, lease_until = null
     where id = any($2::bigint[]) and lease_token = $1 and state = 'processing'`;

/** One row in the hands of one worker. */
export interface ClaimedEvent {
  readonly id: number;
  readonly type: string;
  readonly locationId: string | null;
  readonly companyId: string | null;
  readonly entityKey: string | null;
  readonly eventAt: Date | null;
  readonly receivedAt: Date;
  readonly body: Buffer;
  /** This one included. */
  readonly attempts: number;
  readonly leaseToken: string;
}

/** How a row ended. */
export interface Ending {
  readonly id: number;
  readonly state: 'done' | 'ignored' | 'dead';
  readonly reason: string | null;
}

/** Rows of `ghl.inbox`: claimed under a lease, in order for each entity, finished by compare-and-set. */
@Injectable()
export class InboxClaims {
  constructor(private readonly database: DataSource) {}

  /**
   * Takes the oldest due rows of a lane, in order. An entity with a row that is being worked on, or that waits for its
   * next attempt, is left alone: its later events must not overtake.
   */
  async claim(hookId: number): Promise<ClaimedEvent[]> {
    return this.database.transaction(async (manager) => {
      const [, { rows }] = await Promise.all([
        beginClaim(manager, 'inbox', hookId),
        runStatement<ClaimedEvent>(manager, CLAIM, [hookId, randomUUID(), LEASE_SECONDS]),
      ]);
      return rows.toSorted((one, other) => one.id - other.id);
    });
  }

  /** Does the work on claimed rows, and keeps the lease on them meanwhile. */
  async whileHolding(leaseToken: string, work: () => Promise<void>): Promise<void> {
    const renewal = setInterval(() => void this.renew(leaseToken), RENEW_EVERY_MS);
    try {
      await work();
    } finally {
      clearInterval(renewal);
    }
  }

  /**
   * Ends rows in the caller's transaction.
   * @throws LeaseLost when one of them is no longer ours
   */
  async finish(manager: EntityManager, leaseToken: string, endings: readonly Ending[]): Promise<void> {
    const alike = new Map<string, { ending: Ending; ids: number[] }>();
    for (const ending of endings) {
      const key = `${ending.state} ${ending.reason ?? ''}`;
      const known = alike.get(key);
      if (known) known.ids.push(ending.id);
      else alike.set(key, { ending, ids: [ending.id] });
    }
    const finished = await Promise.all(
      [...alike.values()].map(({ ending: { state, reason }, ids }) =>
        runStatement(manager, FINISH, [leaseToken, ids, state, reason]),
      ),
    );
    const count = finished.reduce((sum, { count: some }) => sum + some, 0);
    if (count !== endings.length) throw new LeaseLost();
  }

  /** It can never be applied, or was tried often enough. */
  async bury({ id, leaseToken }: ClaimedEvent, reason: string, failure: Failure): Promise<void> {
    await this.database.query(
      `update ghl.inbox
          set state = 'dead', reason = $3, last_error = $4, finished_at = now(), lease_token = null, lease_until = null,
              attempt_log = ${withAttempt('dead', '$4::text')}
        where id = $1 and lease_token = $2 and state = 'processing'`,
      [id, leaseToken, reason, storedFailure(failure)],
    );
  }

  /** It waits until somebody brings it back. */
  async park({ id, leaseToken }: ClaimedEvent, reason: string): Promise<void> {
    await this.database.query(
      `update ghl.inbox
          set state = 'parked', reason = $3, hook_id = null, attempts = 0, lease_token = null, lease_until = null
        where id = $1 and lease_token = $2 and state = 'processing'`,
      [id, leaseToken, reason],
    );
  }

  async retry({ id, leaseToken }: ClaimedEvent, delayMs: number, failure: Failure): Promise<void> {
    await this.database.query(
      `update ghl.inbox
          set state = 'failed', next_attempt_at = now() + make_interval(secs => $3), last_error = $4,
              lease_token = null, lease_until = null, attempt_log = ${withAttempt('failed', '$4::text')}
        where id = $1 and lease_token = $2 and state = 'processing'`,
      [id, leaseToken, delayMs / 1000, storedFailure(failure)],
    );
  }

  /** Gives rows back untried. */
  async release(events: readonly ClaimedEvent[]): Promise<void> {
    await this.database.query(
      `update ghl.inbox
          set state = 'pending', attempts = attempts - 1, lease_token = null, lease_until = null
        where id = any($1::bigint[]) and lease_token = $2 and state = 'processing'`,
      [events.map(({ id }) => id), events[0]?.leaseToken ?? null],
    );
  }

  private async renew(leaseToken: string): Promise<void> {
    try {
      await this.database.query(
        `update ghl.inbox set lease_until = now() + make_interval(secs => $2)
          where lease_token = $1 and state = 'processing'`,
        [leaseToken, LEASE_SECONDS],
      );
    } catch {
      // The next renewal may succeed; if none does, finishing finds the lease lost.
    }
  }
}
