import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions, EmbeddedPostgres, runMigrations } from '#libs/database';

export const LOCATION = 'Loc0InventedSubacc01';
/** The account that is connected. */
const ACCOUNT = 1;

/** A migrated PostgreSQL as `npm start` runs it, every commit synced, with one connected location. */
export class BenchDatabase {
  private constructor(
    readonly url: string,
    readonly source: DataSource,
    readonly hookId: number,
    private readonly postgres: EmbeddedPostgres,
    private readonly directory: string,
  ) {}

  static async start(): Promise<BenchDatabase> {
    const directory = await mkdtemp(join(tmpdir(), 'deskflow-ghl-bench-'));
    await chmod(directory, 0o711); // run by root, the server is another user and has to pass
    const postgres = new EmbeddedPostgres({ dataDir: directory });
    const { url } = await postgres.start();
    await runMigrations(url);
    const source = await new DataSource(dataSourceOptions(url)).initialize();
    await source.query(
      `insert into accounts (id, name, created_at, updated_at)
       select n, 'Bench', now(), now() from generate_series(1, 2) n on conflict do nothing`,
    );
    const [hook] = await source.query<{ id: number }[]>(
      `insert into integrations_hooks (account_id, app_id, status, reference_id, settings, created_at, updated_at)
       values ($1, 'gohighlevel', 1, $2, '{}', now(), now()) returning id`,
      [ACCOUNT, LOCATION],
    );
    return new BenchDatabase(url, source, hook?.id ?? 0, postgres, directory);
  }

  async stop(): Promise<void> {
    await this.source.destroy();
    await this.postgres.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
