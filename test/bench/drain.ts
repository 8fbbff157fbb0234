import 'reflect-metadata';
import { setTimeout } from 'node:timers/promises';
import { BenchDatabase } from './bench-database.js';
import { fillWithHistory } from './history.js';
import { measureIntake } from './intake-load.js';
import { InboxBacklog } from './inbox-backlog.js';
import { insertAtOnce, insertEach } from './plain-inserts.js';
import { median, print, printTable, ratio } from './report.js';
import { startService } from './service-under-test.js';
import { redisIsInstalled, RedisServer } from '../queue/redis-server.js';
import { Drain } from './drain-worker.js';
import { EventSource } from './contact-events.js';

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 5_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 10);
const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 1_000_000);
/** What is written meanwhile must reach the disk before the next contender is measured (milliseconds). */
const REST_MS = 500;

/** Events of each contact, one after the other in a backlog of `EVENTS`. */
const SHAPES = { 'different contacts': 1, '10 events per contact': 10 } as const;

type Contender = 'this service' | 'an insert each' | 'one bulk statement';
const results = new Map<string, number[]>();

const stopping: (() => Promise<void>)[] = [];
try {
  const empty = await BenchDatabase.start();
  stopping.push(() => empty.stop());
  const full = await BenchDatabase.start();
  stopping.push(() => full.stop());
  print(`Filling one database with ${HISTORY} contacts and as many events that are done …`);
  await fillWithHistory(full, HISTORY);
  await measureDrains({ empty, full });
  await measureIntakes({ empty, full });
  report();
} finally {
  for (const stop of stopping.reverse()) await stop();
}

type Databases = Readonly<Record<'empty' | 'full', BenchDatabase>>;

async function measureDrains(databases: Databases): Promise<void> {
  const drains = { empty: await Drain.start(databases.empty), full: await Drain.start(databases.full) };
  const backlog = new InboxBacklog();
  // One round more than counts: the first one warms up, and autovacuum's analyze is not waited for.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [shape, eventsPerContact] of Object.entries(SHAPES)) {
      for (const which of ['empty', 'full'] as const) {
        const database = databases[which];
        const contenders: Readonly<Record<Contender, () => Promise<number>>> = {
          'this service': async () => {
            await backlog.fill(database, EVENTS, eventsPerContact);
            return drains[which].seconds();
          },
          'an insert each': () => insertEach(database, backlog.events(EVENTS, eventsPerContact)),
          'one bulk statement': () => insertAtOnce(database, backlog.events(EVENTS, eventsPerContact)),
        };
        for (const [contender, run] of Object.entries(contenders)) {
          await setTimeout(REST_MS);
          const seconds = await run();
          if (round === 0) await database.source.query('analyze');
          else record(`${shape}, ${which}, ${contender}`, EVENTS / seconds);
        }
      }
    }
  }
  await drains.empty.stop();
  await drains.full.stop();
}

async function measureIntakes(databases: Databases): Promise<void> {
  const secret = 'of-the-bench-and-nobody-else';
  const events = new EventSource(secret);
  const services = [];
  // Without one the api would apply what it takes in, and compete with the other one.
  const redis = redisIsInstalled() ? await RedisServer.start() : undefined;
  if (redis) stopping.push(() => redis.stop());
  for (const which of ['empty', 'full'] as const) {
    const { server, url } = await startService(databases[which].url, secret, redis?.url);
    stopping.push(() => server.stop());
    await measureIntake(url, events, { connections: 64, seconds: 2 });
    services.push({ which, url });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { which, url } of round % 2 ? services.toReversed() : services) {
      const { perSecond } = await measureIntake(url, events, { connections: 64, seconds: SECONDS });
      record(`intake, ${which}`, perSecond);
    }
  }
}

function record(what: string, perSecond: number): void {
  results.set(what, [...(results.get(what) ?? []), perSecond]);
}

function report(): void {
  printTable([...results].map(([what, rounds]) => ({ what, 'events/s': Math.round(median(rounds)) })));
  const [shape] = Object.keys(SHAPES);
  print(
    JSON.stringify({
      drain_vs_insert_each: versus(`${shape}, empty, this service`, `${shape}, empty, an insert each`),
      drain_vs_bulk_statement: versus(`${shape}, empty, this service`, `${shape}, empty, one bulk statement`),
      intake_at_1m_vs_empty: versus('intake, full', 'intake, empty'),
      drain_at_1m_vs_empty: versus(`${shape}, full, this service`, `${shape}, empty, this service`),
    }),
  );
}

/** The median of the ratio within a round. */
function versus(ours: string, theirs: string): number {
  const their = results.get(theirs) ?? [];
  return median((results.get(ours) ?? []).map((value, round) => ratio(value, their[round] ?? Number.NaN)));
}
