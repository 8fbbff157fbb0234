import { type EntityManager } from 'typeorm';

/** Work that nobody will do any more. What a worker holds right now it finishes or gives back itself. */
export async function ignoreOpenWork(
  manager: EntityManager,
  table: 'inbox' | 'outbox',
  hookIds: readonly number[],
): Promise<void> {
  await manager.query(
    `update ghl.${table} set state = 'ignored', reason = 'disconnected', finished_at = now()
      where hook_id = any($1::bigint[]) and state in ('pending', 'failed')`,
    [hookIds],
  );
}

/** An INSTALL that came before anybody claimed its location waits for exactly this connection (HL 4.6). */
export async function finishParkedInstalls(
  manager: EntityManager,
  { hookId, accountId, locationId }: { hookId: number; accountId: number; locationId: string },
): Promise<void> {
  await manager.query(
    `update ghl.inbox set state = 'done', reason = null, account_id = $2, hook_id = $3, finished_at = now()
      where state = 'parked' and location_id = $1`,
    [locationId, accountId, hookId],
  );
}
