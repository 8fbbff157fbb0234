import { type TestDatabase } from './database.js';
import { eventually } from './eventually.js';

/** Until a statement in this database waits for a lock that another transaction holds. */
export async function untilBlocked(database: TestDatabase, timeoutMs?: number): Promise<void> {
  await eventually(async () => {
    const waiting = await database.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(waiting).toHaveLength(1);
  }, timeoutMs);
}
