import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';

/** PostgreSQL ends one of two transactions that are in each other's way: serialization_failure, deadlock_detected. */
const ENDED_FOR_ANOTHER = new Set(['40001', '40P01']);

/** The other one goes on meanwhile, so the second try hardly ever meets it again. */
const MAX_TRIES = 3;

/**
 * Runs `work` in a transaction, and from its beginning when PostgreSQL ended that for the sake of another one. Rows and
 * identities of contacts are locked by DeskFlow's own code, too, in orders that are not ours to choose.
 */
export async function retriedTransaction<T>(
  database: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await database.transaction(work);
    } catch (error) {
      if (tries === MAX_TRIES || !isEndedForAnother(error)) throw error;
    }
  }
}

function isEndedForAnother(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code } = error.driverError as { code?: string };
  return code !== undefined && ENDED_FOR_ANOTHER.has(code);
}
