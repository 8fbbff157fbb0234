import { setTimeout as sleepFor } from 'node:timers/promises';
import { type BudgetLevel, type Priority, type RateBudget, RateBudgetExhausted } from './rate-budget.js';
import { type RateLedger } from './rate-ledger.js';
import { BURST_INTERVAL_MS, BURST_LIMIT, type RateLimitReading } from './rate-limit.js';

export interface WaitingRateBudgetOptions {
  /** Callers that may wait for one resource at a time. */
  readonly maxWaiting?: number;
  /** No caller is held longer. */
  readonly maxWaitMs?: number;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/** No caller is held longer: a worker does better to give its rows back. */
const MAX_WAIT_MS = 60_000;
/** What the usual budget admits in that time; whoever came later would wait in vain. */
const MAX_WAITING = (BURST_LIMIT * MAX_WAIT_MS) / BURST_INTERVAL_MS;
/** Callers for whom the ledger is asked side by side: one trip to Redis then serves them all. */
const ASKED_TOGETHER = 25;

interface Waiter {
  readonly deadline: number;
  readonly admit: () => void;
  readonly refuse: (retryAfterMs: number) => void;
}

/** Callers of one resource and priority, in the order they came. */
type Line = Waiter[];

/** Lets callers wait for what a ledger admits: in the order they came, and not for ever. */
export class WaitingRateBudget implements RateBudget {
  /** Those in which somebody waits. */
  private readonly lines = new Map<string, Line>();
  private readonly maxWaiting: number;
  private readonly maxWaitMs: number;
  private readonly now: () => number;
  private readonly sleep: (milliseconds: number) => Promise<unknown>;

  constructor(
    private readonly ledger: RateLedger,
    options: WaitingRateBudgetOptions = {},
  ) {
    this.maxWaiting = options.maxWaiting ?? MAX_WAITING;
    this.maxWaitMs = options.maxWaitMs ?? MAX_WAIT_MS;
    this.now = options.now ?? Date.now;
    this.sleep = options.sleep ?? sleepFor;
  }

  async acquire(resourceId: string, priority: Priority): Promise<void> {
    const waiting = this.lengthOf(resourceId, 'interactive') + this.lengthOf(resourceId, 'bulk');
    if (waiting >= this.maxWaiting) throw new RateBudgetExhausted(resourceId, BURST_INTERVAL_MS);
    await new Promise<void>((admit, reject) => {
      const waiter: Waiter = {
        deadline: this.now() + this.maxWaitMs,
        admit,
        refuse: (retryAfterMs) => reject(new RateBudgetExhausted(resourceId, retryAfterMs)),
      };
      const line = this.lines.get(lineKey(resourceId, priority));
      if (line) line.push(waiter);
      else void this.attend(resourceId, priority, [waiter]);
    });
  }

  observe(resourceId: string, reading: RateLimitReading): void {
    this.ledger.observe(resourceId, reading);
  }

  level(resourceId: string): Promise<BudgetLevel> {
    return this.ledger.level(resourceId);
  }

  /** Admits from one line until nobody waits in it. */
  private async attend(resourceId: string, priority: Priority, line: Line): Promise<void> {
    const key = lineKey(resourceId, priority);
    this.lines.set(key, line);
    while (line.length > 0) {
      const first = line.slice(0, ASKED_TOGETHER);
      const waits = await Promise.all(first.map(() => this.ledger.take(resourceId, priority)));
      const refusals = waits.filter((wait) => wait > 0);
      for (const { admit } of line.splice(0, waits.length - refusals.length)) admit();
      if (refusals.length === 0) continue;
      const wait = Math.min(...refusals);
      refuseLate(line, this.now() + wait, wait);
      // Never longer than a window: meanwhile an answer may have told of a larger budget.
      if (line.length > 0) await this.sleep(Math.min(wait, BURST_INTERVAL_MS));
    }
    this.lines.delete(key);
  }

  private lengthOf(resourceId: string, priority: Priority): number {
    return this.lines.get(lineKey(resourceId, priority))?.length ?? 0;
  }
}

function lineKey(resourceId: string, priority: Priority): string {
  return `${priority} ${resourceId}`;
}

/** Deadlines ascend, as all are given the same time. */
function refuseLate(line: Line, nextSlot: number, retryAfterMs: number): void {
  const kept = line.findIndex(({ deadline }) => deadline >= nextSlot);
  const late = line.splice(0, kept === -1 ? line.length : kept);
  for (const waiter of late) waiter.refuse(retryAfterMs);
}
