export { type Lane, LANES } from './lane.js';
export { QueueHealth } from './queue-health.js';
export { QueueModule } from './queue.module.js';
export { HOOKS_AT_ONCE, type WakeUp, WakeUps } from './wake-ups.js';
