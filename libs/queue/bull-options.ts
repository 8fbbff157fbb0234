import { type BullModuleOptions } from '@nestjs/bull';
import { type Lane } from './lane.js';

/** The braces keep all keys on one node of a Redis Cluster, as Bull's scripts need it. */
export const KEY_PREFIX = '{deskflow-ghl}';

/**
 * A worker that died holds its hook's job until the lock has run out and two checks have passed: at most 12 s.
 * Bull's own 30 s each would keep a hook waiting for a minute and a half. A worker that is merely slow loses nothing:
 * two runs for one hook share its rows by their leases.
 */
const LOCK_MS = 6_000;
const STALLED_CHECK_MS = 3_000;
/** A hook whose worker dies again and again must still be woken; its rows count their attempts themselves. */
const MAX_STALLED_COUNT = 1_000_000;
/** After an outage of Redis the next try follows at once, then ever slower up to this (milliseconds). */
const MAX_RECONNECT_DELAY_MS = 2_000;

/** The queue of a lane on the Redis at this address. */
export function bullOptions(lane: Lane, redisUrl: string): BullModuleOptions {
  return {
    name: lane,
    prefix: KEY_PREFIX,
    redis: redisOptions(redisUrl),
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    settings: {
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: MAX_STALLED_COUNT,
    },
  };
}

/** Bull reads addresses itself, but knows neither `rediss:` nor percent-encoded passwords. */
export function redisOptions(redisUrl: string): Exclude<BullModuleOptions['redis'], string | undefined> {
  const url = new URL(redisUrl);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
    // Commands wait for Redis to come back instead of failing; there is at most one batch of rings a lane.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS),
  };
}
