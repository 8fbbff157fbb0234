import { type BudgetLevel, type Priority } from './rate-budget.js';
import { type RateLimitReading } from './rate-limit.js';

/** Counts the requests of each resource: the one place that knows what may be sent now. */
export interface RateLedger {
  /**
   * Counts one request for `resourceId`, if it may be sent now. Never rejects.
   * @returns 0 when it may; else in how many milliseconds to ask again
   */
  take(resourceId: string, priority: Priority): Promise<number>;

  /** What an answer said about the budget. Never throws. */
  observe(resourceId: string, reading: RateLimitReading): void;

  /** What is left now. Counts nothing and never rejects. */
  level(resourceId: string): Promise<BudgetLevel>;
}

/** We count a request when it is sent, HighLevel when it arrives: its window ends later by that time. */
export const ARRIVAL_MARGIN_MS = 250;
/**
 * Share of a window that bulk work leaves free. It may be small, as bulk work is spread over the window: a slot falls
 * free twice a second, and interactive calls come first.
 */
export const INTERACTIVE_SHARE = 0.01;
/** Bulk work is spread over the window by sending no more than this share of the requests in the same share of it. */
export const BULK_PACE = 0.05;
/** Share of the day's requests that bulk work leaves to what somebody waits for. */
export const DAILY_INTERACTIVE_SHARE = 0.05;
/** A bulk request steps back for so much longer than the interactive ones that wait (milliseconds). */
export const STEP_BACK_MS = 25;

/** Requests of a window that bulk work does not use. */
export function reservedOf(limit: number): number {
  return Math.max(1, Math.floor(limit * INTERACTIVE_SHARE));
}

/** What bulk work may send in so many milliseconds. */
export function bulkPaceOf(limit: number, intervalMs: number): { most: number; lengthMs: number } {
  const most = Math.max(1, Math.floor(limit * BULK_PACE));
  return { most, lengthMs: (intervalMs * most) / limit };
}

/** How long bulk work rests after an answer, in milliseconds; undefined where that does not say what is left of the day. */
export function bulkRestAfter(
  { dailyLimit, dailyRemaining }: RateLimitReading,
  probeMs: number,
): number | undefined {
  if (dailyLimit === undefined || dailyRemaining === undefined) return undefined;
  return dailyRemaining < dailyLimit * DAILY_INTERACTIVE_SHARE ? probeMs : 0;
}
