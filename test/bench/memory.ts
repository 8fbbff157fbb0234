/**
 * What the api process holds through many deliveries: `npm run bench:memory`. BENCH_EVENTS (1,000,000) says how many.
 * The last line is JSON.
 */
import { randomBytes } from 'node:crypto';
import { redisIsInstalled, RedisServer } from '../queue/redis-server.js';
import { BenchDatabase } from './bench-database.js';
import { EventSource } from './contact-events.js';
import { measureIntake } from './intake-load.js';
import { print } from './report.js';
import { startService } from './service-under-test.js';

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
const LOAD = { connections: 64, seconds: 10 };
const WARM_UP_ROUNDS = 2;

const secret = randomBytes(24).toString('base64url');
const events = new EventSource(secret);
const stopping: (() => Promise<void>)[] = [];
try {
  const database = await BenchDatabase.start();
  stopping.push(() => database.stop());
  // Without one the api would apply what it takes in as well.
  const redis = redisIsInstalled() ? await RedisServer.start() : undefined;
  if (redis) stopping.push(() => redis.stop());
  const { server, url } = await startService(database.url, secret, redis?.url);
  stopping.push(() => server.stop());

  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await measureIntake(url, events, LOAD);
  const afterWarmUp = await server.residentMb();
  print(`after the warm-up: ${afterWarmUp.toFixed(1)} MB`);
  let sent = 0;
  let peak = afterWarmUp;
  while (sent < EVENTS) {
    const { perSecond } = await measureIntake(url, events, LOAD);
    sent += Math.round(perSecond * LOAD.seconds);
    const resident = await server.residentMb();
    peak = Math.max(peak, resident);
    print(`${sent} events: ${resident.toFixed(1)} MB`);
  }
  const atEnd = await server.residentMb();
  const rounded = (megabytes: number): number => Math.round(megabytes * 10) / 10;
  print(
    JSON.stringify({
      events: sent,
      rss_after_warm_up_mb: rounded(afterWarmUp),
      rss_peak_mb: rounded(peak),
      rss_growth_mb: rounded(atEnd - afterWarmUp),
    }),
  );
} finally {
  for (const stop of stopping.reverse()) await stop();
}
