import type pg from 'pg';
import { type EntityManager, QueryFailedError } from 'typeorm';

export interface StatementResult<Row> {
  readonly rows: Row[];
  /** Rows that were written, or read. */
  readonly count: number;
}

/**
 * Runs a statement with the manager's connection: in its transaction, if it has begun one. Calls of this function that
 * are begun together run one after the other, in their order, and reach PostgreSQL together, which the manager's own
 * queries do not. It is planned each time: a plan that was made while tables were small would read them from end to end.
 * @throws QueryFailedError as the manager's own queries do
 */
export async function runStatement<Row extends pg.QueryResultRow>(
  { queryRunner, dataSource }: EntityManager,
  text: string,
  values: unknown[],
): Promise<StatementResult<Row>> {
  const connection = queryRunner
    ? ((await queryRunner.connect()) as pg.ClientBase)
    : (dataSource.driver as unknown as { master: pg.Pool }).master;
  dataSource.logger.logQuery(text, values, queryRunner);
  try {
    const { rows, rowCount } = await connection.query<Row>(text, values);
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    throw new QueryFailedError(text, values, error as Error);
  }
}
