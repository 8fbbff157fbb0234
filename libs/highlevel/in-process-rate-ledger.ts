import { type BudgetLevel, type Priority } from './rate-budget.js';
import {
  ARRIVAL_MARGIN_MS,
  bulkPaceOf,
  bulkRestAfter,
  type RateLedger,
  reservedOf,
  STEP_BACK_MS,
} from './rate-ledger.js';
import { BURST_INTERVAL_MS, BURST_LIMIT, DAILY_PROBE_MS, type RateLimitReading } from './rate-limit.js';

export interface RateLedgerOptions {
  /** Until answers say otherwise. */
  readonly limit?: number;
  /** Until answers say otherwise. */
  readonly intervalMs?: number;
  readonly now?: () => number;
}

/** Resources remembered at once; idle ones beyond it are forgotten. */
const MAX_RESOURCES = 10_000;

interface Resource {
  limit: number;
  intervalMs: number;
  /** When the requests of the last window were sent, ascending. */
  sentAt: number[];
  /** The same of bulk requests, of a shorter time. */
  bulkSentAt: number[];
  pausedUntil: number;
  bulkPausedUntil: number;
  /** When the interactive callers who wait ask again. */
  awaitedUntil: number;
  daily: BudgetLevel['daily'];
}

/** For one process, or for as long as the ledger that all processes share cannot be reached. */
export class InProcessRateLedger implements RateLedger {
  private readonly resources = new Map<string, Resource>();
  private readonly limit: number;
  private readonly intervalMs: number;
  private readonly now: () => number;

  constructor({ limit, intervalMs, now }: RateLedgerOptions = {}) {
    this.limit = limit ?? BURST_LIMIT;
    this.intervalMs = intervalMs ?? BURST_INTERVAL_MS;
    this.now = now ?? Date.now;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as asynchronous as the shared one
  async take(resourceId: string, priority: Priority): Promise<number> {
    const resource = this.resource(resourceId);
    const now = this.now();
    forgetOld(resource, now);
    const at = priority === 'bulk' ? nextBulk(resource) : nextInteractive(resource);
    if (at > now) {
      if (priority === 'interactive') resource.awaitedUntil = at + STEP_BACK_MS;
      return at - now;
    }
    resource.sentAt.push(now);
    if (priority === 'bulk') resource.bulkSentAt.push(now);
    else resource.awaitedUntil = 0;
    return 0;
  }

  observe(resourceId: string, reading: RateLimitReading): void {
    const resource = this.resource(resourceId);
    const now = this.now();
    resource.limit = reading.limit ?? resource.limit;
    resource.intervalMs = reading.intervalMs ?? resource.intervalMs;
    const pauseMs = reading.pauseMs ?? (reading.dailyRemaining === 0 ? DAILY_PROBE_MS : 0);
    if (pauseMs > 0) resource.pausedUntil = Math.max(resource.pausedUntil, now + pauseMs);
    const bulkRestMs = bulkRestAfter(reading, DAILY_PROBE_MS);
    if (bulkRestMs !== undefined) resource.bulkPausedUntil = now + bulkRestMs;
    const { dailyLimit, dailyRemaining } = reading;
    if (dailyLimit !== undefined && dailyRemaining !== undefined)
      resource.daily = { limit: dailyLimit, left: dailyRemaining };
    if (reading.remaining !== undefined) countOthers(resource, resource.limit - reading.remaining, now);
  }

  level(resourceId: string): Promise<BudgetLevel> {
    const resource = this.resource(resourceId);
    const now = this.now();
    forgetOld(resource, now);
    const { limit, intervalMs, sentAt, daily, pausedUntil } = resource;
    const left = Math.max(0, limit - sentAt.length);
    const pausedForMs = Math.max(0, pausedUntil - now);
    return Promise.resolve({ limit, left, intervalMs, daily, pausedForMs });
  }

  private resource(resourceId: string): Resource {
    const known = this.resources.get(resourceId);
    if (known !== undefined) return known;
    if (this.resources.size >= MAX_RESOURCES) this.forgetIdle();
    const resource: Resource = {
      limit: this.limit,
      intervalMs: this.intervalMs,
      sentAt: [],
      bulkSentAt: [],
      pausedUntil: 0,
      bulkPausedUntil: 0,
      awaitedUntil: 0,
      daily: undefined,
    };
    this.resources.set(resourceId, resource);
    return resource;
  }

  private forgetIdle(): void {
    const now = this.now();
    for (const [resourceId, resource] of this.resources) {
      forgetOld(resource, now);
      const pausedUntil = Math.max(resource.pausedUntil, resource.bulkPausedUntil);
      if (resource.sentAt.length === 0 && pausedUntil <= now) this.resources.delete(resourceId);
    }
  }
}

/** When one more interactive request may be sent. */
function nextInteractive({ sentAt, limit, intervalMs, pausedUntil }: Resource): number {
  return Math.max(pausedUntil, fitsAt(sentAt, limit, intervalMs + ARRIVAL_MARGIN_MS));
}

/** When one more bulk request may be sent. */
function nextBulk(resource: Resource): number {
  const { sentAt, bulkSentAt, limit, intervalMs, pausedUntil, bulkPausedUntil, awaitedUntil } = resource;
  const pace = bulkPaceOf(limit, intervalMs);
  return Math.max(
    pausedUntil,
    bulkPausedUntil,
    awaitedUntil,
    fitsAt(sentAt, limit - reservedOf(limit), intervalMs + ARRIVAL_MARGIN_MS),
    fitsAt(bulkSentAt, pace.most, pace.lengthMs),
  );
}

/** When no more than `most`, with one more, were sent within `lengthMs`. */
function fitsAt(sentAt: readonly number[], most: number, lengthMs: number): number {
  const blocking = sentAt[sentAt.length - most];
  return blocking === undefined ? 0 : blocking + lengthMs;
}

/** Requests that HighLevel counted and we did not send were sent by somebody else with the same credentials. */
function countOthers(resource: Resource, counted: number, now: number): void {
  forgetOld(resource, now);
  const unseen = Math.min(counted, resource.limit) - resource.sentAt.length;
  for (let i = 0; i < unseen; i++) resource.sentAt.push(now);
}

function forgetOld({ sentAt, bulkSentAt, limit, intervalMs }: Resource, now: number): void {
  dropUntil(sentAt, now - intervalMs - ARRIVAL_MARGIN_MS);
  dropUntil(bulkSentAt, now - bulkPaceOf(limit, intervalMs).lengthMs);
}

function dropUntil(times: number[], oldest: number): void {
  const kept = times.findIndex((time) => time > oldest);
  times.splice(0, kept === -1 ? times.length : kept);
}
