export * from './entities/index.js';
export { DatabaseModule } from './database.module.js';
export { dataSourceOptions } from './data-source-options.js';
export { MigrationDataSource, runMigrations } from './migrator.js';
export { DataDirInUse, EmbeddedPostgresFailed } from './embedded-errors.js';
export { EmbeddedPostgres, type EmbeddedPostgresOptions, embeddedUrl } from './embedded-postgres.js';
export {
  type StatementResult,
  type PreparedStatement,
  queryPrepared,
  runPrepared,
} from './prepared-statement.js';
export { resetData } from './reset-data.js';
export { type DemoOptions, seedDemo } from './seed-demo.js';
export { isDataFault } from './sql-faults.js';
