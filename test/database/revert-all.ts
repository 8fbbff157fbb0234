import { MigrationDataSource } from '#libs/database';
import { type TestDatabase } from '../harness/database.js';

/** How many migrations there are. */
export const MIGRATION_COUNT = (new MigrationDataSource('postgres://nowhere').options.migrations as unknown[])
  .length;

/** `npm run migration:revert` once. */
export async function undoLastMigration(database: TestDatabase): Promise<void> {
  const source = await new MigrationDataSource(database.url).initialize();
  try {
    await source.undoLastMigration();
  } finally {
    await source.destroy();
  }
}

/** The same until this migration has not run. */
export async function undoUntilBefore(database: TestDatabase, migration: string): Promise<void> {
  const hasRun = async (): Promise<boolean> =>
    (await database.query('select from ghl.migrations where name = $1', [migration])).length > 0;
  while (await hasRun()) await undoLastMigration(database);
}

/** The same until nothing of ours is left. @returns how often that was */
export async function revertAll(database: TestDatabase): Promise<number> {
  for (let reverted = 0; ; reverted += 1) {
    const [row] = await database.query<{ books: string | null }>(
      `select to_regclass('ghl.migrations') as books`,
    );
    if (!row?.books) return reverted;
    await undoLastMigration(database);
  }
}
