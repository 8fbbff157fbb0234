import 'reflect-metadata';
import { loadConfig } from '#libs/config';
import { runMigrations } from '#libs/database';

/** Brings the database of DATABASE_URL up to date, then ends; run it once per deployment, before api and worker. */
await runMigrations(loadConfig(process.env).databaseUrl);
process.stdout.write('database is up to date\n');
