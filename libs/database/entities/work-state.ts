/**
 * States of a row in `ghl.inbox` and `ghl.outbox`:
 * `pending → processing → done | ignored | failed (will be retried) → dead`; `parked` waits for an account to claim it.
 */
export const WORK_STATES = ['pending', 'processing', 'done', 'ignored', 'failed', 'dead', 'parked'] as const;
export type WorkState = (typeof WORK_STATES)[number];
