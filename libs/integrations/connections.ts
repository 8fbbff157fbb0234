import { type Connection } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { type RecordedFailure } from './stored-tokens.js';

/** How the connection of a hook is doing: its `ghl.connections` row, or what a hook without one counts as. */
export interface ConnectionHealth extends Omit<Connection, 'accountId' | 'isDefault' | 'since'> {
  readonly since: Date | null;
}

/** What a location says about itself; shown to people, and the country is for phone numbers. */
export interface LocationProfile {
  readonly name: string | null;
  readonly timezone: string | null;
  readonly country: string | null;
}

/**
 * Columns of `ConnectionHealth`, for statements that join `ghl.connections c`. A hook that DeskFlow's own code created
 * has no such row: it counts as connected.
 */
export const CONNECTION_COLUMNS = `
  coalesce(c.state, 'connected') as state, c.reason, c.since,
  coalesce(c.consecutive_failures, 0) as "consecutiveFailures", c.next_attempt_at as "nextAttemptAt",
  c.last_refreshed_at as "lastRefreshedAt", c.installed_at as "installedAt",
  c.location_name as "locationName", c.timezone, c.country`;

/** The connections of these hooks, one for each hook that exists. */
export async function findConnections(
  manager: EntityManager,
  hookIds: readonly number[],
): Promise<Map<number, ConnectionHealth>> {
  const rows = await manager.query<ConnectionHealth[]>(
    `select h.id as "hookId", ${CONNECTION_COLUMNS}
       from integrations_hooks h left join ghl.connections c on c.hook_id = h.id
      where h.id = any($1::bigint[])`,
    [hookIds],
  );
  return new Map(rows.map((row) => [row.hookId, row]));
}

/** A new authorization: everything that was wrong is forgotten. */
export async function recordInstalled(
  manager: EntityManager,
  hookId: number,
  accountId: number,
  at: Date,
): Promise<void> {
  await manager.query(
    `insert into ghl.connections as c
            (hook_id, account_id, state, since, consecutive_failures, last_refreshed_at, installed_at)
     values ($1, $2, 'connected', $3, 0, $3, $3)
     on conflict (hook_id) do update
        set account_id = excluded.account_id, state = 'connected', reason = null, since = excluded.since,
            consecutive_failures = 0, next_attempt_at = null,
            last_refreshed_at = excluded.last_refreshed_at, installed_at = excluded.installed_at`,
    [hookId, accountId, at],
  );
}

/** A success clears the failures; `since` moves only when the state does. */
export async function recordRefreshed(
  manager: EntityManager,
  hookId: number,
  accountId: number,
  at: Date,
): Promise<void> {
  await manager.query(
    `insert into ghl.connections as c
            (hook_id, account_id, state, since, consecutive_failures, last_refreshed_at)
     values ($1, $2, 'connected', $3, 0, $3)
     on conflict (hook_id) do update
        set since = case when c.state = 'connected' then c.since else excluded.since end,
            state = 'connected', reason = null, consecutive_failures = 0, next_attempt_at = null,
            last_refreshed_at = excluded.last_refreshed_at`,
    [hookId, accountId, at],
  );
}

/** Counts the failure and says when to try again. */
export async function recordFailure(
  manager: EntityManager,
  hookId: number,
  accountId: number,
  failure: RecordedFailure,
  at: Date,
): Promise<void> {
  await manager.query(
    `insert into ghl.connections as c
            (hook_id, account_id, state, reason, since, consecutive_failures, next_attempt_at)
     values ($1, $2, $3, $4, $5, 1, $6)
     on conflict (hook_id) do update
        set since = case when c.state = excluded.state then c.since else excluded.since end,
            state = excluded.state, reason = excluded.reason,
            consecutive_failures = c.consecutive_failures + 1, next_attempt_at = excluded.next_attempt_at`,
    [hookId, accountId, failure.state, failure.reason, at, failure.nextAttemptAt],
  );
}

/** The app was removed in HighLevel. Name and timezone stay, so that the page still says which location it was. */
export async function recordUninstalled(
  manager: EntityManager,
  hookId: number,
  accountId: number,
  at: Date,
): Promise<void> {
  await manager.query(
    `insert into ghl.connections (hook_id, account_id, state, reason, since, consecutive_failures)
     values ($1, $2, 'uninstalled', 'uninstalled', $3, 0)
     on conflict (hook_id) do update
        set state = 'uninstalled', reason = 'uninstalled', since = excluded.since,
            consecutive_failures = 0, next_attempt_at = null`,
    [hookId, accountId, at],
  );
}

export async function recordProfile(
  manager: EntityManager,
  hookId: number,
  profile: LocationProfile,
): Promise<void> {
  await manager.query(
    `update ghl.connections set location_name = $2, timezone = $3, country = $4 where hook_id = $1`,
    [hookId, profile.name, profile.timezone, profile.country],
  );
}
