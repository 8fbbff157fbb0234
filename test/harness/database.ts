import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '#libs/database';

/** A migrated PostgreSQL database of a test file's own. */
export interface TestDatabase {
  /** Connected from `beforeAll` to `afterAll`. */
  readonly source: DataSource;
  readonly url: string;
  query<Row = unknown>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

/** Gives the test file, or the `describe` in which it is called, a copy of the run's migrated template. */
export function useDatabase(): TestDatabase {
  return useCopyOf(fromEnvironment('TEST_POSTGRES_TEMPLATE'));
}

/** As `useDatabase`, but nothing is in it yet: for tests of migrations. */
export function useEmptyDatabase(): TestDatabase {
  return useCopyOf('template0');
}

function useCopyOf(template: string): TestDatabase {
  const cluster = new URL(fromEnvironment('TEST_POSTGRES_URL'));
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(cluster);
  url.pathname = `/${name}`;
  const source = new DataSource(dataSourceOptions(url.href));

  beforeAll(async () => {
    await onCluster(cluster, `create database ${name} template ${template}`);
    await source.initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await onCluster(cluster, `drop database ${name} with (force)`);
  });
  return {
    source,
    url: url.href,
    query: <Row>(sql: string, parameters?: unknown[]) => source.query<Row[]>(sql, parameters),
  };
}

async function onCluster(cluster: URL, statement: string): Promise<void> {
  const admin = new DataSource(dataSourceOptions(cluster.href, { entities: [], poolSize: 1 }));
  await admin.initialize();
  try {
    await admin.query(statement);
  } finally {
    await admin.destroy();
  }
}

/** Set by global-setup.ts. */
function fromEnvironment(variable: string): string {
  const value = process.env[variable];
  if (value === undefined)
    throw new Error(`${variable} is not set: tests run through jest, which sets it up`);
  return value;
}
