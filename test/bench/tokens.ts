/**
 * How a worker refreshes many tokens that are due at once: `npm run bench:tokens`. Real PostgreSQL, the simulator over
 * HTTP in a process of its own, the worker's own schedule. BENCH_HOOKS (10,000) says how many. The last line is JSON.
 */
import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { ConfigModule, loadConfig } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { TokenRefreshCron, TokenRefreshModule, TokenVault } from '#libs/integrations';
import { BenchDatabase } from './bench-database.js';
import { print } from './report.js';
import { BenchSimulator } from './bench-simulator.js';

const HOOKS = Number(process.env['BENCH_HOOKS'] ?? 10_000);
/** Tokens of about a kilobyte each: a message and a statement of this many are small. */
const CHUNK = 500;
const SAMPLE_EVERY_MS = 100;
const MEGABYTE = 1024 * 1024;

@Module({})
class BenchWorker {}

async function main(): Promise<void> {
  const simulator = await BenchSimulator.start();
  const database = await BenchDatabase.start();
  try {
    const result = await measure(simulator, database.url);
    print(`${result.hooks} hooks, ${(result.hooks / result.seconds).toFixed(1)} refreshes/s`);
    print(JSON.stringify(result));
    if (result.token_requests !== HOOKS) process.exitCode = 1;
  } finally {
    simulator.stop();
    await database.stop();
  }
}

async function measure(
  simulator: BenchSimulator,
  databaseUrl: string,
): Promise<{ hooks: number; token_requests: number; seconds: number; rss_growth_mb: number }> {
  const config = loadConfig({
    NODE_ENV: 'production',
    FRONTEND_URL: 'https://desk.example.test',
    DATABASE_URL: databaseUrl,
    GHL_API_URL: simulator.url,
    GHL_CLIENT_ID: simulator.clientId,
    GHL_CLIENT_SECRET: simulator.clientSecret,
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'bench-primary-key-00000000000001',
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: 'bench-determin-key-0000000000001',
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: 'bench-derivation-salt-0000000001',
  });
  Logger.overrideLogger(['warn', 'error']);
  const app = await NestFactory.createApplicationContext({
    module: BenchWorker,
    imports: [ScheduleModule.forRoot(), ConfigModule.register(config), DatabaseModule, TokenRefreshModule],
  });
  const database = app.get(DataSource);
  await plant(database, app.get(TokenVault), simulator);
  print(`${HOOKS} hooks are due`);

  global.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, SAMPLE_EVERY_MS);
  const started = performance.now();
  const run = await app.get(TokenRefreshCron).run();
  const seconds = (performance.now() - started) / 1000;
  clearInterval(sampling);

  const { total, token } = await simulator.requests();
  const [{ stored }] = await database.query<[{ stored: number }]>(
    `select count(*)::int as stored from integrations_hooks h join ghl.connections c on c.hook_id = h.id
      where c.consecutive_failures = 0 and (h.settings->>'expires_at')::timestamptz > now() + interval '23 hours'`,
  );
  print(
    `refreshed ${run?.refreshed}, failed ${run?.failed}, stored ${stored}, other requests ${total - token}`,
  );
  if (run?.refreshed !== HOOKS || stored !== HOOKS) process.exitCode = 1;
  await app.close();
  return {
    hooks: HOOKS,
    token_requests: token,
    seconds: Number(seconds.toFixed(2)),
    rss_growth_mb: Number(((peak - before) / MEGABYTE).toFixed(1)),
  };
}

/** Hooks whose tokens end in a minute, each with a pair of its own. */
async function plant(database: DataSource, vault: TokenVault, simulator: BenchSimulator): Promise<void> {
  await database.query('truncate integrations_hooks, ghl.connections');
  for (let first = 0; first < HOOKS; first += CHUNK) {
    const pairs = await simulator.install(Math.min(CHUNK, HOOKS - first));
    await database.query(
      `with planted as (
         insert into integrations_hooks (account_id, app_id, hook_type, reference_id, status, access_token, settings,
                                         created_at, updated_at)
         select $1 + n, 'gohighlevel', 0, 'Loc' || ($1 + n), 1, access,
                jsonb_build_object('refresh_token', refresh, 'location_id', 'Loc' || ($1 + n), 'scope', 'contacts.write',
                                   'expires_at', now() + interval '1 minute'), now(), now()
           from unnest($2::text[], $3::text[]) with ordinality as pair (access, refresh, n)
         returning id, account_id)
       insert into ghl.connections (hook_id, account_id, last_refreshed_at)
       select id, account_id, now() - interval '1 day' from planted`,
      [
        first,
        pairs.map(({ accessToken }) => vault.seal(accessToken)),
        pairs.map(({ refreshToken }) => vault.seal(refreshToken)),
      ],
    );
  }
  await database.query('analyze integrations_hooks');
  await database.query('analyze ghl.connections');
}

await main();
