import { type BudgetLevel, type Priority } from './rate-budget.js';
import { InProcessRateLedger, type RateLedgerOptions } from './in-process-rate-ledger.js';
import {
  ARRIVAL_MARGIN_MS,
  BULK_PACE,
  bulkRestAfter,
  INTERACTIVE_SHARE,
  type RateLedger,
  STEP_BACK_MS,
} from './rate-ledger.js';
import { BURST_INTERVAL_MS, BURST_LIMIT, DAILY_PROBE_MS, type RateLimitReading } from './rate-limit.js';
import { LEVEL, OBSERVE, TAKE } from './rate-scripts.js';

/** Runs a script in the Redis that all processes share. Never rejects; undefined when there is no answer in time. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** Of answers that differ in their counts only, as many a second do, Redis hears one in so long (milliseconds). */
const TELL_EVERY_MS = 100;

/** What Redis was told of a resource. */
interface Told {
  /** All but the counts. */
  readonly rules: string;
  readonly at: number;
}

/**
 * One count for all processes that share a Redis. While Redis does not answer each counts for itself: several may then
 * meet a 429, which they wait out.
 */
export class SharedRateLedger implements RateLedger {
  private readonly own: InProcessRateLedger;
  private readonly always: readonly (string | number)[];
  private readonly told = new Map<string, Told>();

  /** @param now Redis's own clock unless given */
  constructor(
    private readonly run: RunScript,
    private readonly options: RateLedgerOptions = {},
  ) {
    this.own = new InProcessRateLedger(options);
    this.always = [options.limit ?? BURST_LIMIT, options.intervalMs ?? BURST_INTERVAL_MS, ARRIVAL_MARGIN_MS];
  }

  async take(resourceId: string, priority: Priority): Promise<number> {
    const rules = [priority, INTERACTIVE_SHARE, BULK_PACE, STEP_BACK_MS];
    const wait = await this.run(TAKE, keysOf(resourceId), [this.time(), ...this.always, ...rules]);
    return typeof wait === 'number' ? wait : this.own.take(resourceId, priority);
  }

  observe(resourceId: string, reading: RateLimitReading): void {
    this.own.observe(resourceId, reading);
    const pauseMs = reading.pauseMs ?? (reading.dailyRemaining === 0 ? DAILY_PROBE_MS : undefined);
    const rules = [reading.limit, reading.intervalMs, pauseMs, bulkRestAfter(reading, DAILY_PROBE_MS)];
    if (pauseMs === undefined && this.isToldJustNow(resourceId, rules.join())) return;
    const counts = [reading.remaining, reading.dailyLimit, reading.dailyRemaining];
    const facts = [...rules, ...counts].map((fact) => fact ?? '');
    void this.run(OBSERVE, keysOf(resourceId), [this.time(), ...this.always, ...facts]);
  }

  async level(resourceId: string): Promise<BudgetLevel> {
    const told = await this.run(LEVEL, keysOf(resourceId), [this.time(), ...this.always]);
    if (!isLevel(told)) return this.own.level(resourceId);
    const [limit, counted, intervalMs, pausedForMs, dailyLimit, dailyLeft] = told;
    const daily = dailyLimit < 0 || dailyLeft < 0 ? undefined : { limit: dailyLimit, left: dailyLeft };
    return { limit, left: Math.max(0, limit - counted), intervalMs, daily, pausedForMs };
  }

  private isToldJustNow(resourceId: string, rules: string): boolean {
    const at = this.options.now?.() ?? Date.now();
    const told = this.told.get(resourceId);
    if (told?.rules === rules && at - told.at < TELL_EVERY_MS) return true;
    this.told.set(resourceId, { rules, at });
    return false;
  }

  private time(): number | '' {
    return this.options.now?.() ?? '';
  }
}

type ToldLevel = [number, number, number, number, number, number];

function isLevel(told: unknown): told is ToldLevel {
  return Array.isArray(told) && told.length === 6 && told.every((value) => typeof value === 'number');
}

/** The braces keep the keys of a resource on one node of a Redis Cluster. */
function keysOf(resourceId: string): string[] {
  const prefix = `{deskflow-ghl:rate:${resourceId}}`;
  return [`${prefix}:sent`, `${prefix}:bulk`, `${prefix}:state`];
}
