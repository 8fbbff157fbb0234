import type pg from 'pg';
import { type DataSource } from 'typeorm';

export interface PreparedStatement {
  /** Unique in this service: PostgreSQL knows the statement by it for as long as a connection lives. */
  readonly name: string;
  readonly text: string;
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
  const { master } = database.driver as unknown as { master: pg.Pool };
  return (await master.query<Row>({ ...statement, values })).rows;
}
