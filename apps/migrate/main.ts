import 'reflect-metadata';
import { explainFailure } from '#apps/api/explain-failure.js';
import { loadConfig } from '#libs/config';
import { runMigrations } from '#libs/database';

/** Brings the database of DATABASE_URL up to date, then ends; run it once per deployment, before api and worker. */
try {
  const names = await runMigrations(loadConfig(process.env).databaseUrl);
  process.stdout.write(`database is up to date, ${names.length} migrations ran\n`);
} catch (error) {
  process.stderr.write(`\n${explainFailure(error)}\n\n`);
  process.exit(1);
}
