import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { type Failure, LeaseLost, storedFailure } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';
import {
  addCounts,
  hasDrift,
  type ReconciliationKind,
  type ReconciliationReason,
  type RunCounts,
} from './reconciliation.js';

/** A worker that died leaves its run to the next one after this. A page may wait a minute for the rate budget. */
const LEASE_SECONDS = 120;
/** How often a location is looked at. A sweep asks for every contact, so it is rare. */
const INTERVAL_SECONDS: Readonly<Record<ReconciliationKind, number>> = { changes: 600, deletions: 86_400 };
/** A hook that DeskFlow itself made may be years old; what was before it was seen is an import's business. */
const LONGEST_UNSEEN = '1 day';
const RUNS_KEPT_DAYS = 90;
/** Old runs that make room when one is recorded. */
const PRUNED_AT_ONCE = 50;

/** A run in the hands of one worker. */
export interface ClaimedRun {
  readonly accountId: number;
  readonly locationId: string;
  readonly hookId: number;
  readonly kind: ReconciliationKind;
  readonly reason: ReconciliationReason;
  /** Both sides agreed on everything before, when it was claimed. */
  readonly agreedFrom: Date;
  /** The same by now: `advance` moves it. */
  readonly agreedUntil: Date;
  readonly beganAt: Date;
  readonly cursor: unknown;
  readonly counts: Partial<RunCounts>;
  /** How often it was tried since it last got on, this time included. */
  readonly attempts: number;
  readonly leaseToken: string;
  /** When it was claimed, by PostgreSQL's clock. */
  readonly at: Date;
}

/** How far a run has come. */
export interface RunProgress {
  readonly counts: RunCounts;
  readonly agreedUntil?: Date | undefined;
  readonly cursor?: unknown;
}

/** Unless it is not where the run left it: an outage that was recorded meanwhile wants a look from before. */
const MOVED = 'case when agreed_until < $7 then agreed_until else greatest(agreed_until, $8) end';
const OURS = 'account_id = $1 and location_id = $2 and kind = $3 and lease_token = $4';

/** Rows of `ghl.reconciliations`: claimed under a lease, advanced by compare-and-set. */
@Injectable()
export class ReconciliationClaims {
  constructor(private readonly database: DataSource) {}

  /** Begins with locations that are new. @param accountId only those of this account */
  async addNew(manager: EntityManager = this.database.manager, accountId?: number): Promise<void> {
    await manager.query(
      `insert into ghl.reconciliations (account_id, location_id, kind, agreed_until, due_at)
       select h.account_id, h.reference_id, k.kind, greatest(h.created_at at time zone 'utc', now() - interval '${LONGEST_UNSEEN}'),
              now() + random() * make_interval(secs => k.seconds)
         from public.integrations_hooks h
        cross join (values ('changes', ${INTERVAL_SECONDS.changes}), ('deletions', ${INTERVAL_SECONDS.deletions})) k (kind, seconds)
        where h.app_id = $1 and h.reference_id is not null and ($2::bigint is null or h.account_id = $2)
          and not exists (select from ghl.reconciliations r
                           where r.account_id = h.account_id and r.location_id = h.reference_id and r.kind = k.kind)
       on conflict do nothing`,
      [GOHIGHLEVEL_APP_ID, accountId ?? null],
    );
  }

  /** Where deliveries could not be stored, every location is looked at again from the beginning of that time, at once. */
  async takeUpOutages(): Promise<void> {
    await this.database.query(
      `with taken as (
         update ghl.reconcile_requests set taken_at = now() where taken_at is null returning from_at)
       update ghl.reconciliations
          set agreed_until = least(agreed_until, (select min(from_at) from taken)), due_at = now(), reason = 'intake_outage'
        where kind = 'changes' and exists (select from taken)`,
    );
  }

  /** Takes the run that has been due for longest, of a location that can be asked, if any. */
  async claim(): Promise<ClaimedRun | undefined> {
    const leaseToken = randomUUID();
    const [[row]] = await this.database.query<[Omit<ClaimedRun, 'leaseToken' | 'agreedUntil'>[], number]>(
      `update ghl.reconciliations r
          set lease_token = $1, lease_until = now() + make_interval(secs => $2), attempts = r.attempts + 1,
              began_at = coalesce(r.began_at, now()),
              -- Whoever wants another look meanwhile moves it back.
              due_at = now() + make_interval(secs => case r.kind when 'changes' then ${INTERVAL_SECONDS.changes} else ${INTERVAL_SECONDS.deletions} end)
         from (select d.account_id, d.location_id, d.kind, h.id as hook_id
                 from ghl.reconciliations d
                 join public.integrations_hooks h
                   on h.account_id = d.account_id and h.reference_id = d.location_id and h.app_id = $3
                where ((d.lease_token is null and d.due_at <= now()) or (d.lease_token is not null and d.lease_until <= now()))
                  and h.status = ${HookStatus.enabled}
                  and not exists (select from ghl.connections c where c.hook_id = h.id and c.state <> 'connected')
                order by d.due_at limit 1 for update of d skip locked) due
        where r.account_id = due.account_id and r.location_id = due.location_id and r.kind = due.kind
       returning r.account_id as "accountId", r.location_id as "locationId", due.hook_id as "hookId", r.kind, r.reason,
                 r.agreed_until as "agreedFrom", r.began_at as "beganAt", r.cursor, r.counts, r.attempts, now() as at`,
      [leaseToken, LEASE_SECONDS, GOHIGHLEVEL_APP_ID],
    );
    return row && { ...row, agreedUntil: row.agreedFrom, leaseToken };
  }

  /**
   * In the transaction that writes what was found.
   * @returns the run as it is then; `at` is PostgreSQL's time
   * @throws LeaseLost when another worker has it
   */
  async advance(manager: EntityManager, run: ClaimedRun, progress: RunProgress): Promise<ClaimedRun> {
    const { counts, cursor = null } = progress;
    const agreedUntil = latest(run.agreedUntil, progress.agreedUntil);
    const [[row]] = await manager.query<[{ at: Date }[], number]>(
      `update ghl.reconciliations
          set counts = $5, cursor = $6, agreed_until = ${MOVED}, attempts = 0, last_error = null,
              lease_until = now() + make_interval(secs => $9)
        where ${OURS}
       returning clock_timestamp() as at`,
      [
        ...keyOf(run),
        counts,
        cursor === null ? null : JSON.stringify(cursor),
        run.agreedUntil,
        agreedUntil,
        LEASE_SECONDS,
      ],
    );
    if (!row) throw new LeaseLost();
    return { ...run, agreedUntil, counts, cursor, at: row.at };
  }

  /**
   * Both sides agree on what was before `agreedUntil`. A run that found something, or was asked for, is
   * recorded.
   * @returns what it did in all
   * @throws LeaseLost when another worker has it
   */
  async finish(run: ClaimedRun, agreedUntil: Date): Promise<RunCounts> {
    const counts = addCounts(run.counts, {});
    await this.database.transaction(async (manager) => {
      const [[row]] = await manager.query<[{ finishedAt: Date }[], number]>(
        `update ghl.reconciliations
            set agreed_until = ${MOVED}, began_at = null, counts = $5, cursor = $6, finished_at = now(), attempts = 0, last_error = null,
                reason = case when due_at <= now() then reason else 'schedule' end, lease_token = null, lease_until = null
          where ${OURS}
         returning finished_at as "finishedAt"`,
        [...keyOf(run), {}, null, run.agreedUntil, agreedUntil],
      );
      if (!row) throw new LeaseLost();
      if (run.reason !== 'schedule' || hasDrift(counts)) await this.record(manager, run, counts);
    });
    return counts;
  }

  /** It goes on later, where it is. @param failure null when nothing is wrong */
  async postpone(run: ClaimedRun, delayMs: number, failure: Failure | null): Promise<void> {
    await this.database.query(
      `update ghl.reconciliations
          set due_at = now() + make_interval(secs => $5), last_error = $6, lease_token = null, lease_until = null
        where ${OURS}`,
      [...keyOf(run), delayMs / 1000, failure && storedFailure(failure)],
    );
  }

  private async record(manager: EntityManager, run: ClaimedRun, counts: RunCounts): Promise<void> {
    const { accountId, locationId, kind, reason, agreedFrom, beganAt } = run;
    await manager.query(
      `with old as (
         delete from ghl.reconciliation_runs where id = any (array(
           select id from ghl.reconciliation_runs
            where account_id = $1 and finished_at < now() - make_interval(days => $8) order by id limit $9)))
       insert into ghl.reconciliation_runs (account_id, location_id, kind, reason, agreed_from, began_at, counts)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [accountId, locationId, kind, reason, agreedFrom, beganAt, counts, RUNS_KEPT_DAYS, PRUNED_AT_ONCE],
    );
  }
}

function keyOf({ accountId, locationId, kind, leaseToken }: ClaimedRun): unknown[] {
  return [accountId, locationId, kind, leaseToken];
}

function latest(one: Date, other: Date | undefined): Date {
  return other !== undefined && other > one ? other : one;
}
