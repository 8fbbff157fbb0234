import pg from 'pg';
import { QueryFailedError } from 'typeorm';

const { DatabaseError } = pg;

/**
 * Whether a statement failed because of its values, so that it would fail again: SQLSTATE classes 22 (data) and 54
 * (a limit of the server). Everything else may work the next time: connections, locks, a constraint that two
 * transactions raced for, disks, a schema that is being migrated.
 */
export function isDataFault(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (!(cause instanceof DatabaseError) || cause.code === undefined) return false;
  return cause.code.startsWith('22') || cause.code.startsWith('54');
}
