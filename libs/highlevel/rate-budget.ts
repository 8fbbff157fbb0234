import { type RateLimitReading } from './rate-limit.js';

/** Somebody waits for `interactive` work; `bulk` (imports, reconciliation) takes what is left. */
export type Priority = 'interactive' | 'bulk';

/** The wait would be longer than a caller should be held. Nothing was sent. */
export class RateBudgetExhausted extends Error {
  constructor(
    readonly resourceId: string,
    readonly retryAfterMs: number,
  ) {
    super(`No request to HighLevel is free for ${resourceId} within ${Math.ceil(retryAfterMs / 1000)} s`);
    this.name = 'RateBudgetExhausted';
  }
}

/** What is known to be left of a resource's budget. */
export interface BudgetLevel {
  /** Requests that one burst window admits. */
  readonly limit: number;
  /** Requests left in the present window. */
  readonly left: number;
  readonly intervalMs: number;
  /** Of the day, as the last answer told; undefined where none has lately. */
  readonly daily: { readonly limit: number; readonly left: number } | undefined;
  /** Nothing is sent for so long (milliseconds); 0 when it is. */
  readonly pausedForMs: number;
}

/** Spends HighLevel's budget per app and resource (location or company), so that no 429 is met (HL 3). */
export interface RateBudget {
  /**
   * Resolves when one request for `resourceId` may be sent. Interactive callers go before bulk ones.
   * @throws RateBudgetExhausted when too many wait, or the wait would be too long.
   */
  acquire(resourceId: string, priority: Priority): Promise<void>;

  /** Tells what an answer said about the budget. The headers rule, not constants; never throws. */
  observe(resourceId: string, reading: RateLimitReading): void;

  /** What is left of it now. Spends nothing and never rejects. */
  level(resourceId: string): Promise<BudgetLevel>;
}
