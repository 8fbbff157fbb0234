import { QueryFailedError } from 'typeorm';

/**
 * Whether a statement failed because of its values, so that it would fail again: SQLSTATE classes 22 (data) and 54
 * (a limit of the server). Everything else may work the next time: connections, locks, a constraint that two
 * transactions raced for, disks, a schema that is being migrated.
 */
export function isDataFault(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code } = error.driverError as { code?: string };
  return code !== undefined && (code.startsWith('22') || code.startsWith('54'));
}
