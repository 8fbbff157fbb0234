import type pg from 'pg';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { arrayOf, type ArrayValue } from './array-element.js';
import { type PreparedStatement } from './prepared-statement.js';

export interface StatementResult<Row> {
  readonly rows: Row[];
  /** Rows that were written, or read. */
  readonly count: number;
}

/** A parameter: of an array also what is left out, which is NULL there. */
type StatementValue = Exclude<ArrayValue, undefined> | readonly ArrayValue[];

/**
 * Runs a statement with the manager's connection: in its transaction, if it has begun one. Calls of this function that
 * are begun together run one after the other, in their order, and reach PostgreSQL together, which the manager's own
 * queries do not. Prepared may be what has one plan only (writing rows, taking locks); whatever reads a table is planned
 * each time, because a plan that was made while the table was small would read it from end to end.
 * @param values arrays are written by `arrayOf`: objects in them are JSON
 * @throws QueryFailedError as the manager's own queries do
 */
export async function runStatement<Row extends pg.QueryResultRow>(
  { queryRunner, dataSource }: EntityManager,
  statement: string | PreparedStatement,
  values: readonly StatementValue[],
): Promise<StatementResult<Row>> {
  const connection = queryRunner
    ? ((await queryRunner.connect()) as pg.ClientBase)
    : (dataSource.driver as unknown as { master: pg.Pool }).master;
  const query = {
    ...(typeof statement === 'string' ? { text: statement } : statement),
    values: values.map((value) => (Array.isArray(value) ? arrayOf(value) : value)),
  };
  dataSource.logger.logQuery(query.text, query.values, queryRunner);
  try {
    const { rows, rowCount } = await connection.query<Row>(query);
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    throw new QueryFailedError(query.text, query.values, error as Error);
  }
}
