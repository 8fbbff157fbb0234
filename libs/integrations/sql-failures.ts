import { Unavailable } from '#libs/errors';
import { QueryFailedError } from 'typeorm';

const LOCK_NOT_AVAILABLE = '55P03';

/** The wait for a lock outlasted `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === LOCK_NOT_AVAILABLE;
}

/** Awaits a statement whose parameters are tokens. TypeORM's error would carry them; this one has the SQLSTATE only. */
export async function keepingParametersSecret<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (!(error instanceof QueryFailedError)) throw error;
    throw new Unavailable('postgresql', { cause: new Error(`SQLSTATE ${sqlState(error) ?? 'unknown'}`) });
  }
}

function sqlState(error: unknown): string | undefined {
  return error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
}
