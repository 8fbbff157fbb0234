import { runStatement } from '#libs/database';
import { type EntityManager } from 'typeorm';

/** Read by the trigger that captures changes. */
export const ORIGIN_SETTING = 'ghl.origin';

/**
 * Until the transaction ends, what it writes is not sent back to this hook: the capturing trigger skips it. Other hooks
 * of the account still get it.
 */
export async function markOrigin(manager: EntityManager, hookId: number): Promise<void> {
  await runStatement(manager, `select set_config('${ORIGIN_SETTING}', $1, true)`, [String(hookId)]);
}
