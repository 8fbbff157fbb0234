import type pg from 'pg';
import { type DataSource, type EntityManager, QueryFailedError } from 'typeorm';

export interface PreparedStatement {
  /** Unique in this service: PostgreSQL knows the statement by it for as long as a connection lives. */
  readonly name: string;
  readonly text: string;
}

export interface StatementResult<Row> {
  readonly rows: Row[];
  /** Rows that were written, or read. */
  readonly count: number;
}

/**
 * Runs a statement that each connection plans once and not each time, in a transaction of its own. For statements that
 * run thousands of times a second: TypeORM cannot name statements, so this goes past it, to its pool.
 * Throws the driver's errors (`DatabaseError` of pg).
 */
export async function queryPrepared<Row extends pg.QueryResultRow>(
  database: DataSource,
  statement: PreparedStatement,
  values: unknown[],
): Promise<Row[]> {
  return (await poolOf(database).query<Row>({ ...statement, values })).rows;
}

/**
 * As `queryPrepared`, with the manager's connection: in its transaction, if it has begun one. Calls of this
 * function that are begun together run one after the other, in their order, and reach PostgreSQL together.
 * @throws QueryFailedError as the manager's own queries do
 */
export async function runPrepared<Row extends pg.QueryResultRow>(
  { queryRunner, dataSource }: EntityManager,
  statement: PreparedStatement,
  values: unknown[],
): Promise<StatementResult<Row>> {
  const connection = queryRunner ? ((await queryRunner.connect()) as pg.ClientBase) : poolOf(dataSource);
  dataSource.logger.logQuery(statement.text, values, queryRunner);
  try {
    const { rows, rowCount } = await connection.query<Row>({ ...statement, values });
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    throw new QueryFailedError(statement.text, values, error as Error);
  }
}

function poolOf({ driver }: DataSource): pg.Pool {
  return (driver as unknown as { master: pg.Pool }).master;
}
