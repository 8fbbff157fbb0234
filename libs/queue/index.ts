export { type AttemptEntry, type AttemptOutcome, withAttempt } from './attempt-log.js';
export { backoffMs } from './backoff.js';
export { giveBackExpired, MAX_ATTEMPTS } from './expired-leases.js';
export { type Lane, LANES } from './lane.js';
export { LeaseLost } from './lease-lost.js';
export { QueueHealth } from './queue-health.js';
export { QueueModule } from './queue.module.js';
export { type KeyChanges, SharedRedis } from './shared-redis.js';
export { HOOKS_AT_ONCE, type WakeUp, WakeUps } from './wake-ups.js';
