import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '#apps/standalone/free-port.js';
import { redisIsInstalled, RedisServer } from '../queue/redis-server.js';
import { BenchDatabase } from './bench-database.js';
import { ChildServer } from './child-server.js';
import { EventSource } from './contact-events.js';
import { filingRate } from './filing.js';
import { measureIntake, type Measured } from './intake-load.js';
import { startService } from './service-under-test.js';
import { median, print, printTable, ratio } from './report.js';

const BARE = join(import.meta.dirname, 'bare-server.js');

const CONNECTIONS = [64, 256] as const;
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 10);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const WARM_UP = { connections: 64, seconds: 2 };

const NAMES = {
  none: '(a) Fastify, HMAC, no storage',
  insert: '(b) Fastify, HMAC, an insert each',
  bull: '(c) Fastify, HMAC, Bull, every write synced',
  service: '(d) this service',
  group: '(e) Fastify, HMAC, group commit alone',
} as const;
type Name = keyof typeof NAMES;

interface Contender {
  readonly name: Name;
  readonly server: ChildServer;
  readonly url: string;
}

type Results = ReadonlyMap<string, readonly Measured[]>;

const secret = randomBytes(24).toString('base64url');
const events = new EventSource(secret);
const stopping: (() => Promise<void>)[] = [];

try {
  const database = await BenchDatabase.start();
  stopping.push(() => database.stop());
  const contenders = await startAll(database);
  for (const { url } of contenders) await measureIntake(url, events, WARM_UP);
  const results = new Map<string, Measured[]>();
  for (const connections of CONNECTIONS) {
    for (let round = 0; round < ROUNDS; round += 1) {
      // Each round begins with another one: what comes first finds the disk at rest.
      const order = [
        ...contenders.slice(round % contenders.length),
        ...contenders.slice(0, round % contenders.length),
      ];
      for (const { name, url } of order) {
        const measured = await measureIntake(url, events, { connections, seconds: SECONDS });
        const key = `${connections} ${name}`;
        results.set(key, [...(results.get(key) ?? []), measured]);
      }
    }
  }
  const filedPerSecond = await filingRate(database);
  report(contenders, results);
  print(`What (d) had taken in was then filed at ${Math.round(filedPerSecond)} deliveries a second`);
  printRatios(results);
} finally {
  for (const stop of stopping.reverse()) await stop();
}

async function startAll(database: BenchDatabase): Promise<Contender[]> {
  const shared = { SECRET: secret, DATABASE_URL: database.url };
  const contenders = [await bare('none', shared), await bare('insert', shared)];
  let redisUrl: string | undefined;
  if (redisIsInstalled()) {
    const synced = await RedisServer.start({ appendfsync: 'always' });
    stopping.push(() => synced.stop());
    contenders.push(await bare('bull', { ...shared, REDIS_URL: synced.url }));
    const wakeUps = await RedisServer.start();
    stopping.push(() => wakeUps.stop());
    redisUrl = wakeUps.url;
  } else {
    print('No redis-server on this machine: (c) is left out, and (d) wakes up in-process');
  }
  contenders.push(await service(database.url, redisUrl), await bare('group', shared));
  return contenders;
}

async function bare(name: Exclude<Name, 'service'>, env: Record<string, string>): Promise<Contender> {
  const server = await ChildServer.start(
    BARE,
    { ...env, STORE: name, PORT: String(await freePort()) },
    '/ready',
  );
  stopping.push(() => server.stop());
  return { name, server, url: `${server.url}/events` };
}

async function service(databaseUrl: string, redisUrl: string | undefined): Promise<Contender> {
  const { server, url } = await startService(databaseUrl, secret, redisUrl);
  stopping.push(() => server.stop());
  return { name: 'service', server, url };
}

function roundsOf(results: Results, connections: number, name: Name): readonly Measured[] {
  return results.get(`${connections} ${name}`) ?? [];
}

function report(contenders: readonly Contender[], results: Results): void {
  const of = (connections: number, name: Name): readonly Measured[] => roundsOf(results, connections, name);
  const rows = CONNECTIONS.flatMap((connections) =>
    contenders.map(({ name }) => {
      const rounds = of(connections, name);
      return {
        connections,
        server: NAMES[name],
        'req/s': Math.round(median(rounds.map(({ perSecond }) => perSecond))),
        'p50 ms': median(rounds.map(({ p50 }) => p50)),
        'p99 ms': median(rounds.map(({ p99 }) => p99)),
        '(d) / this': versus(of(connections, 'service'), rounds, 'perSecond'),
      };
    }),
  );
  printTable(rows);
}

function printRatios(results: Results): void {
  const of = (name: Name): readonly Measured[] => roundsOf(results, 64, name);
  const service = of('service');
  print(
    JSON.stringify({
      intake_vs_no_storage: versus(service, of('none'), 'perSecond'),
      intake_vs_insert_each: versus(service, of('insert'), 'perSecond'),
      intake_p99_vs_insert_each: versus(service, of('insert'), 'p99'),
      intake_vs_bull_aof: versus(service, of('bull'), 'perSecond'),
      // About what a service could keep of it at best.
      group_commit_vs_no_storage: versus(of('group'), of('none'), 'perSecond'),
      intake_vs_group_commit: versus(service, of('group'), 'perSecond'),
    }),
  );
}

/** The median of the ratio within a round; null without rounds to compare with. */
function versus(ours: readonly Measured[], theirs: readonly Measured[], what: keyof Measured): number | null {
  const ratios = theirs.map((their, round) => ratio(ours[round]?.[what] ?? Number.NaN, their[what]));
  return ratios.length === 0 ? null : median(ratios);
}
