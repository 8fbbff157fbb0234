import { Injectable } from '@nestjs/common';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { type BudgetLevel } from '#libs/highlevel';
import { HighLevelClients } from '#libs/integrations';
import { DataSource } from 'typeorm';

export const SYNC_HEALTH = ['not_connected', 'in_sync', 'pending', 'failed', 'paused'] as const;
/** Of several the worst: what is paused does not move at all, what failed needs a person. */
export type SyncHealth = (typeof SYNC_HEALTH)[number];

/** Counting stops here: an account with more has other worries than how many. */
export const COUNTED_UP_TO = 1_000;

/** What waits in one direction. Counts go up to `COUNTED_UP_TO`. */
export interface LaneStatus {
  readonly pending: number;
  /** Tried again after a failure. */
  readonly failed: number;
  /** Given up: a person has to look. */
  readonly dead: number;
  /** Since when the oldest waits; null when nothing does. */
  readonly oldestAt: Date | null;
}

export interface LocationBudget extends BudgetLevel {
  readonly locationId: string;
  readonly locationName: string | null;
}

/** What reconciliations of the last 30 days found that no webhook had told. */
export interface Drift {
  readonly found: number;
  readonly lastRunAt: Date | null;
}

export interface SyncOverview {
  readonly health: SyncHealth;
  readonly in: LaneStatus;
  readonly out: LaneStatus;
  /** Contacts that may be one of several: a person decides. */
  readonly openMatches: number;
  readonly drift: Drift;
  readonly budgets: readonly LocationBudget[];
}

interface Row {
  readonly hooks: readonly {
    readonly locationId: string;
    readonly locationName: string | null;
    readonly isServed: boolean;
  }[];
  readonly inPending: number;
  readonly inFailed: number;
  readonly inDead: number;
  readonly inOldest: Date | null;
  readonly outPending: number;
  readonly outFailed: number;
  readonly outDead: number;
  readonly outOldest: Date | null;
  readonly openMatches: number;
  readonly drift: number;
  readonly lastRunAt: Date | null;
}

const atMost = (rows: string): string =>
  `(select count(*)::int from (${rows} limit ${COUNTED_UP_TO}) bounded)`;

/**
 * One statement of lookups that each end after a bounded number of index entries: what is over is never read.
 * A push that was given up counts until both sides agree again.
 */
const OVERVIEW = `
  with hooks as materialized (
    select h.id, h.reference_id as location_id, n.location_name,
           h.status = ${HookStatus.enabled} and coalesce(n.state, 'connected') = 'connected' as is_served
      from public.integrations_hooks h
      left join ghl.connections n on n.hook_id = h.id
     where h.account_id = $1 and h.app_id = '${GOHIGHLEVEL_APP_ID}' and h.reference_id is not null)
  select (select coalesce(jsonb_agg(jsonb_build_object('locationId', location_id, 'locationName', location_name,
                                                       'isServed', is_served) order by id), '[]')
            from hooks) as hooks,
         ${atMost(`select from hooks cross join lateral
           (select from ghl.inbox i where i.hook_id = hooks.id and i.state = 'pending' limit ${COUNTED_UP_TO}) one`)}
           + ${atMost(`select from hooks cross join lateral
           (select from ghl.inbox i where i.hook_id = hooks.id and i.state = 'processing' limit ${COUNTED_UP_TO}) one`)}
           as "inPending",
         ${atMost(`select from ghl.inbox i where i.account_id = $1 and i.state = 'failed'`)} as "inFailed",
         ${atMost(`select from ghl.inbox i where i.account_id = $1 and i.state = 'dead'`)} as "inDead",
         (select min(oldest.received_at) from hooks cross join lateral
           (select i.received_at from ghl.inbox i where i.hook_id = hooks.id and i.state = 'pending'
             order by i.id limit 1) oldest) as "inOldest",
         ${atMost(`select from hooks cross join lateral
           (select from ghl.outbox o where o.hook_id = hooks.id and o.state in ('pending', 'processing')
             limit ${COUNTED_UP_TO}) one`)} as "outPending",
         ${atMost(`select from hooks cross join lateral
           (select from ghl.outbox o where o.hook_id = hooks.id and o.state = 'failed' limit ${COUNTED_UP_TO}) one`)}
           as "outFailed",
         ${atMost(`select from hooks cross join lateral
           (select o.contact_id, o.finished_at from ghl.outbox o where o.hook_id = hooks.id and o.state = 'dead'
             limit ${COUNTED_UP_TO}) dead
           where not exists (select from ghl.contact_links l
                              where l.account_id = $1 and l.location_id = hooks.location_id
                                and l.contact_id = dead.contact_id and l.updated_at >= dead.finished_at)`)}
           as "outDead",
         (select min(oldest.created_at) from hooks cross join lateral
           (select o.created_at from ghl.outbox o where o.hook_id = hooks.id and o.state in ('pending', 'failed')
             order by o.next_attempt_at, o.id limit 1) oldest) as "outOldest",
         ${atMost(`select from ghl.ambiguous_matches m where m.account_id = $1 and m.resolved_at is null`)}
           as "openMatches",
         (select coalesce(sum((counts->>'created')::int + (counts->>'updated')::int + (counts->>'archived')::int), 0)::int
            from (select counts from ghl.reconciliation_runs r
                   where r.account_id = $1 and r.finished_at > now() - interval '30 days'
                   order by id desc limit ${COUNTED_UP_TO}) recent) as drift,
         (select max(r.finished_at) from ghl.reconciliations r where r.account_id = $1) as "lastRunAt"`;

/** How far both sides of an account agree at this moment. */
@Injectable()
export class SyncStatus {
  constructor(
    private readonly database: DataSource,
    private readonly clients: HighLevelClients,
  ) {}

  async of(accountId: number): Promise<SyncOverview> {
    const [row] = await this.database.query<[Row]>(OVERVIEW, [accountId]);
    return {
      health: healthOf(row),
      in: {
        pending: bounded(row.inPending),
        failed: row.inFailed,
        dead: row.inDead,
        oldestAt: row.inOldest,
      },
      out: { pending: row.outPending, failed: row.outFailed, dead: row.outDead, oldestAt: row.outOldest },
      openMatches: row.openMatches,
      drift: { found: row.drift, lastRunAt: row.lastRunAt },
      budgets: await Promise.all(
        row.hooks.map(async ({ locationId, locationName }) => ({
          locationId,
          locationName,
          ...(await this.clients.budgetLevel({ referenceId: locationId })),
        })),
      ),
    };
  }
}

function bounded(count: number): number {
  return Math.min(count, COUNTED_UP_TO);
}

function healthOf({ hooks, inPending, inFailed, inDead, outPending, outFailed, outDead }: Row): SyncHealth {
  if (hooks.length === 0) return 'not_connected';
  if (hooks.some(({ isServed }) => !isServed)) return 'paused';
  if (inFailed + inDead + outFailed + outDead > 0) return 'failed';
  return inPending + outPending > 0 ? 'pending' : 'in_sync';
}
