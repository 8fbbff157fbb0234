import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { EmbeddedPostgres, dataSourceOptions, runMigrations } from '#libs/database';

/** The migrated database that every test file's own database is a copy of. */
const TEMPLATE = 'template_migrated';

/**
 * The PostgreSQL of one jest run: a process of its own, which ends with the run however that ends. When jest is
 * killed the channel to it closes, and the server goes, too.
 */
async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'deskflow-ghl-test-'));
  await chmod(dataDir, 0o711); // run by root, the server is another user and has to pass
  const postgres = new EmbeddedPostgres({ dataDir, fsync: false });

  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> =>
    (leaving ??= postgres.stop().finally(() => rm(dataDir, { recursive: true, force: true })));
  process.on('disconnect', () => void leave().then(() => process.exit(0)));
  // The terminal's Ctrl-C comes here as well; jest decides when the tests are over.
  process.on('SIGINT', () => undefined);

  try {
    const { url } = await postgres.start();
    await prepareTemplate(url);
    process.send?.({ url, template: TEMPLATE });
  } catch (error) {
    await leave();
    throw error;
  }
}

async function prepareTemplate(url: string): Promise<void> {
  const admin = new DataSource(dataSourceOptions(url, { entities: [], poolSize: 1 }));
  await admin.initialize();
  try {
    await admin.query(`create database ${TEMPLATE}`);
    const template = new URL(url);
    template.pathname = `/${TEMPLATE}`;
    await runMigrations(template.href);
    await admin.query(`alter database ${TEMPLATE} with is_template true allow_connections false`);
  } finally {
    await admin.destroy();
  }
}

await main();
