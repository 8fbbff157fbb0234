import { numberOf } from './untyped-json.js';

/** Response headers, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** What an answer says about the budget of its app and location (HL 3). */
export interface RateLimitReading {
  /** Requests one burst window admits. */
  limit?: number;
  /** Requests left in the window. */
  remaining?: number;
  intervalMs?: number;
  /** Requests a day admits. */
  dailyLimit?: number;
  dailyRemaining?: number;
  /** Set by a 429: nothing is to be sent for so long. */
  pauseMs?: number;
}

/** HL 3: 100 requests per 10 seconds, until an answer says otherwise. */
export const BURST_LIMIT = 100;
export const BURST_INTERVAL_MS = 10_000;

/** A longer wait asked for by a server is a mistake: budgets are daily at most. */
const MAX_PAUSE_MS = 24 * 60 * 60 * 1000;
/**
 * Where the daily budget is used up and nothing says for how long. The start of HighLevel's day is not
 * documented (HL 3), so one request an hour finds out.
 */
export const DAILY_PROBE_MS = 60 * 60 * 1000;
/** Spreads clients that were refused together. */
const MAX_JITTER_MS = 1000;

/** Reads the rate-limit headers. Mind the word order: `Limit-Daily`, but `Daily-Remaining`. */
export function readRateLimit(headers: AnswerHeaders): RateLimitReading {
  const limit = countOf(headers['x-ratelimit-max']);
  const intervalMs = countOf(headers['x-ratelimit-interval-milliseconds']);
  return {
    limit: limit === 0 ? undefined : limit,
    remaining: countOf(headers['x-ratelimit-remaining']),
    intervalMs: intervalMs === 0 ? undefined : intervalMs,
    dailyLimit: countOf(headers['x-ratelimit-limit-daily']),
    dailyRemaining: countOf(headers['x-ratelimit-daily-remaining']),
  };
}

/**
 * How long to wait after a 429, in milliseconds: `Retry-After` (seconds or an HTTP date), else an hour where
 * the daily budget is used up, else a burst window with jitter.
 */
export function pauseAfterRefusal(headers: AnswerHeaders, now = Date.now(), random = Math.random): number {
  const asked = retryAfterMs(headers['retry-after'], now);
  if (asked !== undefined) return Math.min(asked, MAX_PAUSE_MS);
  const { remaining, dailyRemaining, intervalMs = BURST_INTERVAL_MS } = readRateLimit(headers);
  if (dailyRemaining === 0 && remaining !== 0) return DAILY_PROBE_MS;
  return Math.min(intervalMs + Math.floor(random() * MAX_JITTER_MS), MAX_PAUSE_MS);
}

/** RFC 9110 10.2.3. */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const seconds = countOf(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function countOf(value: string | undefined): number | undefined {
  const number = numberOf(value);
  return number !== undefined && number >= 0 ? Math.ceil(number) : undefined;
}
