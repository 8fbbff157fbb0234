import { type DataSource } from 'typeorm';

export interface Statement {
  readonly text: string;
  readonly parameters: unknown[];
}

/** What was asked of PostgreSQL meanwhile, transactions' own commands included. */
export async function statementsOf(source: DataSource, work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const { logger } = source;
  source.logger = Object.assign(Object.create(logger) as typeof logger, {
    logQuery: (text: string, parameters: unknown[] = []) => void statements.push({ text, parameters }),
  });
  try {
    await work();
  } finally {
    source.logger = logger;
  }
  return statements;
}
