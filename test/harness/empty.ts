import { type DataSource } from 'typeorm';
import { eventually } from './eventually.js';

/**
 * Empties tables beside workers that may be writing to them. A truncate that holds one table while it waits for another
 * can deadlock with a worker's transaction: this one never waits, it asks for all of them again until none is in use.
 * @throws lock_not_available (55P03) when one of them has been in use each time for 30 s
 */
export async function empty(
  source: DataSource,
  tables: readonly string[],
  ids: 'continue identity' | 'restart identity' = 'continue identity',
): Promise<void> {
  const all = tables.join(', ');
  // Statements in one message are one transaction.
  await eventually(() =>
    source.query(`lock table ${all} in access exclusive mode nowait; truncate ${all} ${ids}`),
  );
}
