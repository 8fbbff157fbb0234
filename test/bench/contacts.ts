/**
 * How fast a worker imports contacts, beside a loop that does the least there is to do: `npm run bench:contacts`. Real
 * PostgreSQL with an account that has many contacts already, the simulator without limits over HTTP in a process of its
 * own, the worker's own runner. BENCH_CONTACTS (50,000) and BENCH_HISTORY (500,000) say how many. The last line is JSON.
 */
import 'reflect-metadata';
import { setTimeout } from 'node:timers/promises';
import { type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { ConfigModule, loadConfig } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { type ContactPage, HighLevelApi } from '#libs/highlevel';
import { CONTACTS_PER_PAGE, ImportRunner, ImportsWorkerModule } from '#libs/imports';
import { QueueModule } from '#libs/queue';
import { BenchDatabase } from './bench-database.js';
import { BenchSimulator } from './bench-simulator.js';
import { fillWithHistory } from './history.js';
import { print, printTable, ratio } from './report.js';
import { serviceEnvironment } from './service-under-test.js';

const CONTACTS = Number(process.env['BENCH_CONTACTS'] ?? 50_000);
const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 500_000);
/** Enough for the loop's rate; all of them would take minutes. */
const LOOP_CONTACTS = Math.min(CONTACTS, 5_000);
const LOOK_EVERY_MS = 50;
const MEGABYTE = 1024 * 1024;

@Module({})
class BenchWorker {}

/** How an import went. */
interface ImportRun {
  readonly seconds: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly rssGrowthMb: number;
}

const simulator = await BenchSimulator.start();
const database = await BenchDatabase.start();
try {
  await measure();
} finally {
  simulator.stop();
  await database.stop();
}

async function measure(): Promise<void> {
  const [pair] = await simulator.install(1);
  const token = pair?.accessToken ?? '';
  await connect(token, pair?.refreshToken ?? '');
  print(`Filling the account with ${HISTORY} contacts …`);
  await fillWithHistory(database, HISTORY);
  const worker = await startWorker();
  await simulator.seed(1_000);
  await runImport(worker); // warms up
  await simulator.seed(1_000 + CONTACTS);
  const loop = await upsertLoop(token);
  const first = await runImport(worker);
  const second = await runImport(worker);
  await worker.close();

  const perSecond = (contacts: number, seconds: number): number => Math.round(contacts / seconds);
  const imported = perSecond(CONTACTS + 1_000, first.seconds);
  printTable([
    { what: `import, ${first.counts['created']} new contacts`, 'contacts/s': imported },
    {
      what: `again, ${second.counts['unchanged']} unchanged`,
      'contacts/s': perSecond(CONTACTS + 1_000, second.seconds),
    },
    { what: 'a search page at a time, an upsert a contact', 'contacts/s': Math.round(loop) },
  ]);
  if (first.counts['created'] !== CONTACTS || second.counts['unchanged'] !== CONTACTS + 1_000)
    throw new Error(`expected ${CONTACTS} new contacts, then none: ${JSON.stringify([first, second])}`);
  print(
    JSON.stringify({
      import_contacts_per_s: imported,
      import_vs_upsert_loop: ratio(imported, loop),
      import_rss_growth_mb: first.rssGrowthMb,
    }),
  );
}

/** The hook of the bench becomes that of the simulator's location. */
async function connect(accessToken: string, refreshToken: string): Promise<void> {
  const { source, hookId } = database;
  await source.query(
    `update integrations_hooks set reference_id = $2::text, access_token = $3,
            settings = jsonb_build_object('location_id', $2::text, 'refresh_token', $4::text,
                                          'expires_at', now() + interval '20 hours', 'scope', 'contacts.readonly')
      where id = $1`,
    [hookId, simulator.locationId, accessToken, refreshToken],
  );
  await source.query(
    `insert into ghl.connections (hook_id, account_id, country, is_default) values ($1, 1, 'US', true)`,
    [hookId],
  );
}

async function startWorker(): Promise<INestApplicationContext> {
  const config = loadConfig({
    ...serviceEnvironment(database.url, 'unused-here'),
    GHL_API_URL: simulator.url,
    GHL_CLIENT_ID: simulator.clientId,
    GHL_CLIENT_SECRET: simulator.clientSecret,
  });
  Logger.overrideLogger(['warn', 'error']);
  return NestFactory.createApplicationContext({
    module: BenchWorker,
    imports: [
      ConfigModule.register(config),
      DatabaseModule,
      QueueModule.register(config),
      ImportsWorkerModule,
    ],
  });
}

async function runImport(worker: INestApplicationContext): Promise<ImportRun> {
  const { source, hookId } = database;
  const [order] = await source.query<[{ id: number }]>(
    `insert into ghl.imports (account_id, hook_id, location_id, selection, started_by)
     values (1, $1, $2, '{"kind": "all"}', 1) returning id`,
    [hookId, simulator.locationId],
  );
  const before = process.memoryUsage().rss;
  let peak = before;
  const started = performance.now();
  await worker.get(ImportRunner, { strict: false }).runOnSchedule();
  for (;;) {
    await setTimeout(LOOK_EVERY_MS);
    peak = Math.max(peak, process.memoryUsage().rss);
    const [row] = await source.query<
      [{ state: string; reason: string | null; counts: Record<string, number> }]
    >('select state, reason, counts from ghl.imports where id = $1', [order.id]);
    if (row.state === 'failed' || row.reason !== null)
      throw new Error(`the import ${row.state}: ${String(row.reason)}`);
    if (row.state !== 'completed') continue;
    const seconds = (performance.now() - started) / 1_000;
    return { seconds, counts: row.counts, rssGrowthMb: Math.round((peak - before) / MEGABYTE) };
  }
}

/** What one would write first. @returns contacts a second */
async function upsertLoop(token: string): Promise<number> {
  const api = new HighLevelApi({
    baseUrl: simulator.url,
    locationId: simulator.locationId,
    tokens: { current: () => Promise.resolve(token), renew: () => Promise.resolve(token) },
  });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const started = performance.now();
  let done = 0;
  let searchAfter: readonly unknown[] | undefined;
  while (done < LOOP_CONTACTS) {
    const { contacts }: ContactPage = await api.contacts.search({
      pageLimit: CONTACTS_PER_PAGE,
      sort: [{ field: 'dateAdded', direction: 'asc' }],
      ...(searchAfter && { searchAfter }),
    });
    for (const { id, firstName, lastName, email, phone } of contacts)
      await client.query({
        name: 'upsert',
        text: `insert into contacts (account_id, name, email, phone_number, identifier, ghl_contact_id, contact_type,
                                     created_at, updated_at)
               values (2, $1, $2, $3, $4, $4, 1, now(), now())
               on conflict (email, account_id) do update
                  set name = excluded.name, phone_number = excluded.phone_number, updated_at = excluded.updated_at`,
        values: [`${firstName ?? ''} ${lastName ?? ''}`, email, phone, id],
      });
    done += contacts.length;
    searchAfter = contacts.at(-1)?.searchAfter;
  }
  const seconds = (performance.now() - started) / 1_000;
  await client.end();
  return done / seconds;
}
