/**
 * Contacts, fast and many: `npm run bench:contacts`. How fast a worker imports, beside a loop that does the least there is
 * to do; how much of HighLevel's rate limit an import with edits beside it uses; how long a change takes from one side to
 * the other, with embedded defaults and with Redis. Real PostgreSQL with an account that has many contacts already, the
 * simulator over HTTP in a process of its own. BENCH_CONTACTS (50,000) and BENCH_HISTORY (500,000) say how many. The last
 * line is JSON.
 */
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { loadConfig } from '#libs/config';
import { type ContactPage, HighLevelApi } from '#libs/highlevel';
import { CONTACTS_PER_PAGE, ImportRunner } from '#libs/imports';
import { WorkerModule } from '#apps/worker/worker.module.js';
import { RedisServer, redisIsInstalled } from '../queue/redis-server.js';
import { BenchDatabase } from './bench-database.js';
import { BenchSimulator } from './bench-simulator.js';
import { connectLocation } from './connect-location.js';
import { fillWithHistory } from './history.js';
import { type BothWays, measureLatencies } from './latency.js';
import { print, printTable, ratio } from './report.js';
import { serviceEnvironment } from './service-under-test.js';

const CONTACTS = Number(process.env['BENCH_CONTACTS'] ?? 50_000);
const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 500_000);
/** A worker that has just started compiles its code during the first of them, which is not what is measured. */
const WARM_UP_CONTACTS = 10_000;
/** Enough for the loop's rate; all of them would take minutes. */
const LOOP_CONTACTS = Math.min(CONTACTS, 5_000);
const LOOK_EVERY_MS = 50;
const MEGABYTE = 1024 * 1024;
/** Edits beside the import that runs under HighLevel's limits: two thirds of what they permit. */
const EDIT_EVERY_MS = 150;
/** HL 3: 100 in ten seconds. */
const PERMITTED_PER_SECOND = 10;
const WINDOW_MS = 11_000;

/** What is told of imports. */
interface ImportFigures {
  readonly import_contacts_per_s: number;
  readonly import_vs_upsert_loop: number;
  /** How much higher the third import's peak is than the second's. */
  readonly import_rss_growth_mb: number;
  /** What the first one has left on the heap when the garbage is collected. */
  readonly import_heap_kept_mb: number;
  readonly rate_limit_use: number;
  readonly http_429: number;
}

/** How an import went. */
interface ImportRun {
  readonly seconds: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly peakMb: number;
  readonly heapKeptMb: number;
}

const simulator = await BenchSimulator.start();
const database = await BenchDatabase.start();
let imports: ImportFigures;
try {
  imports = await measureImports();
} finally {
  simulator.stop();
  await database.stop();
}
const embedded = await measureLatencies();
const overRedis = await measureOverRedis();
printTable([
  { 'from one side to the other': 'embedded defaults', ...shown(embedded) },
  ...(overRedis ? [{ 'from one side to the other': 'with Redis', ...shown(overRedis) }] : []),
]);
if (!overRedis) print('Not measured with Redis: no redis-server on this machine');
print(
  JSON.stringify({
    ...imports,
    inbound_p50_ms: embedded.inbound.p50,
    inbound_p99_ms: embedded.inbound.p99,
    outbound_p50_ms: embedded.outbound.p50,
    outbound_p99_ms: embedded.outbound.p99,
    ...(overRedis && {
      redis_inbound_p50_ms: overRedis.inbound.p50,
      redis_inbound_p99_ms: overRedis.inbound.p99,
      redis_outbound_p50_ms: overRedis.outbound.p50,
      redis_outbound_p99_ms: overRedis.outbound.p99,
    }),
  }),
);

async function measureImports(): Promise<ImportFigures> {
  const token = await connectLocation(database, simulator);
  print(`Filling the account with ${HISTORY} contacts …`);
  await fillWithHistory(database, HISTORY);
  const worker = await startWorker();
  await simulator.seed(WARM_UP_CONTACTS);
  await runImport(worker);
  await simulator.seed(CONTACTS);
  const loop = await upsertLoop(token);
  const first = await runImport(worker);
  const second = await runImport(worker);
  const limited = await runUnderLimits(worker);
  await worker.close();

  const perSecond = ({ seconds }: ImportRun): number => Math.round(CONTACTS / seconds);
  const imported = perSecond(first);
  printTable([
    { what: `import, ${first.counts['created']} new contacts`, 'contacts/s': imported },
    { what: `again, ${second.counts['unchanged']} unchanged`, 'contacts/s': perSecond(second) },
    { what: 'a search page at a time, an upsert a contact', 'contacts/s': Math.round(loop) },
  ]);
  print(`Under HighLevel's limits: ${limited.requests} requests in ${limited.seconds.toFixed(1)} s`);
  if (first.counts['created'] !== CONTACTS || second.counts['unchanged'] !== CONTACTS)
    throw new Error(`expected ${CONTACTS} new contacts, then none: ${JSON.stringify([first, second])}`);
  return {
    import_contacts_per_s: imported,
    import_vs_upsert_loop: ratio(imported, loop),
    // V8 lets some 100 MB of garbage pile up before it collects it, the more the busier it is: whole runs are compared.
    import_rss_growth_mb: Math.round(limited.peakMb - second.peakMb),
    import_heap_kept_mb: first.heapKeptMb,
    rate_limit_use: ratio(limited.requests, limited.seconds * PERMITTED_PER_SECOND),
    http_429: limited.refused,
  };
}

/** An import, and contacts that somebody changes in DeskFlow meanwhile. */
async function runUnderLimits(
  worker: INestApplicationContext,
): Promise<{ seconds: number; peakMb: number; requests: number; refused: number }> {
  await simulator.limit('of HighLevel');
  await sleep(WINDOW_MS); // what was sent without limits fills this window, and whoever calls now is refused
  await simulator.limit('of HighLevel'); // counted from here
  const edits = setInterval(() => {
    void database.source.query(
      `update contacts
          set additional_attributes = additional_attributes || jsonb_build_object('city', 'Bergen ' || gen_random_uuid())
        where id = (select contact_id from ghl.contact_links order by id desc offset floor(random() * 1000) limit 1)`,
    );
  }, EDIT_EVERY_MS);
  const { seconds, peakMb } = await runImport(worker);
  const { total, refused } = await simulator.requests();
  clearInterval(edits);
  return { seconds, peakMb, requests: total, refused };
}

async function measureOverRedis(): Promise<BothWays | undefined> {
  if (!redisIsInstalled()) return undefined;
  const redis = await RedisServer.start();
  try {
    return await measureLatencies(redis.url);
  } finally {
    await redis.stop();
  }
}

function shown({ inbound, outbound }: BothWays): Record<string, number> {
  return {
    'in p50 ms': inbound.p50,
    'in p99 ms': inbound.p99,
    'out p50 ms': outbound.p50,
    'out p99 ms': outbound.p99,
  };
}

async function startWorker(): Promise<INestApplicationContext> {
  const config = loadConfig({
    ...serviceEnvironment(database.url, 'unused-here'),
    GHL_API_URL: simulator.url,
    GHL_CLIENT_ID: simulator.clientId,
    GHL_CLIENT_SECRET: simulator.clientSecret,
  });
  Logger.overrideLogger(['warn', 'error']);
  return NestFactory.createApplicationContext(WorkerModule.register(config));
}

async function runImport(worker: INestApplicationContext): Promise<ImportRun> {
  const { source, hookId } = database;
  const [order] = await source.query<[{ id: number }]>(
    `insert into ghl.imports (account_id, hook_id, location_id, selection, started_by)
     values (1, $1, $2, '{"kind": "all"}', 1) returning id`,
    [hookId, simulator.locationId],
  );
  const heapBefore = heapMb();
  let peakMb = 0;
  const started = performance.now();
  await worker.get(ImportRunner, { strict: false }).runOnSchedule();
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    peakMb = Math.max(peakMb, process.memoryUsage().rss / MEGABYTE);
    const [row] = await source.query<
      [{ state: string; reason: string | null; counts: Record<string, number> }]
    >('select state, reason, counts from ghl.imports where id = $1', [order.id]);
    if (row.state === 'failed' || row.reason !== null)
      throw new Error(`the import ${row.state}: ${String(row.reason)}`);
    if (row.state !== 'completed') continue;
    const seconds = (performance.now() - started) / 1_000;
    return { seconds, counts: row.counts, peakMb, heapKeptMb: Math.round(heapMb() - heapBefore) };
  }
}

/** Without garbage. */
function heapMb(): number {
  global.gc?.();
  return process.memoryUsage().heapUsed / MEGABYTE;
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
