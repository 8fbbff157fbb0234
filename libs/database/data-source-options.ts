import pg from 'pg';
import { type DataSourceOptions } from 'typeorm';
import { ENTITIES } from './entities/index.js';
import { SnakeCaseNaming } from './snake-case-naming.js';
import { installTypeParsers } from './type-parsers.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** Connections a process may hold. PostgreSQL's default of 100 then serves nine processes. */
const POOL_SIZE = 10;

/** A connection nobody has used for this long is closed, as by other pools: a new one knows no table yet (milliseconds). */
const IDLE_CONNECTION_MS = 10 * 60_000;

/** A server that does not answer within this is down (milliseconds). */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Bounds for whatever a request or a job does (milliseconds). A token refresh keeps its row's lock over one HTTP call:
 * who waits for that lock, and the transaction that idles meanwhile, must outlast the call.
 */
const LOCK_TIMEOUT_MS = 25_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * How every process of this service talks to PostgreSQL. Logging is off: TypeORM would print the parameters of a
 * failed statement, tokens among them.
 */
export function dataSourceOptions(url: string, overrides: Partial<PostgresOptions> = {}): PostgresOptions {
  installTypeParsers();
  return {
    type: 'postgres',
    driver: pg,
    url,
    applicationName: 'deskflow-ghl',
    entities: [...ENTITIES],
    namingStrategy: new SnakeCaseNaming(),
    synchronize: false,
    installExtensions: false,
    logging: false,
    poolSize: POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    ...overrides,
    extra: {
      options: '-c TimeZone=UTC',
      // Statements of a connection that are begun together travel together.
      pipeline: true,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      ...(overrides.extra as object | undefined),
    },
  };
}
