import { setTimeout as sleepFor } from 'node:timers/promises';
import { type Priority, type RateBudget, RateBudgetExhausted } from './rate-budget.js';
import { BURST_INTERVAL_MS, BURST_LIMIT, DAILY_PROBE_MS, type RateLimitReading } from './rate-limit.js';

export interface InProcessRateBudgetOptions {
  /** Until answers say otherwise. */
  limit?: number;
  /** Until answers say otherwise. */
  intervalMs?: number;
  /** Callers that may wait for one resource at a time. */
  maxWaiting?: number;
  /** No caller is held longer. */
  maxWaitMs?: number;
  now?: () => number;
  sleep?: (milliseconds: number) => Promise<unknown>;
}

/** No caller is held longer: a worker does better to give its rows back. */
const MAX_WAIT_MS = 60_000;
/** What the usual budget admits in that time; whoever came later would wait in vain. */
const MAX_WAITING = (BURST_LIMIT * MAX_WAIT_MS) / BURST_INTERVAL_MS;
/** We count a request when it is sent, HighLevel when it arrives: its window ends later by that time. */
const ARRIVAL_MARGIN_MS = 250;
/** Share of a window that bulk work leaves free, so that an interactive call need not wait for a window to end. */
const INTERACTIVE_SHARE = 0.1;
/** Resources remembered at once; idle ones beyond it are forgotten. */
const MAX_RESOURCES = 10_000;

interface Waiter {
  deadline: number;
  admit: () => void;
  refuse: (retryAfterMs: number) => void;
}

interface Queue {
  waiters: Waiter[];
  /** Whether somebody is already admitting from it. */
  attended: boolean;
}

/** One resource: when its requests of the last window were sent, and who waits. */
interface Resource {
  limit: number;
  intervalMs: number;
  /** Ascending. */
  sentAt: number[];
  pausedUntil: number;
  queues: Readonly<Record<Priority, Queue>>;
}

/** A sliding window per resource, for one process. Several processes need a shared one. */
export class InProcessRateBudget implements RateBudget {
  private readonly resources = new Map<string, Resource>();
  private readonly limit: number;
  private readonly intervalMs: number;
  private readonly maxWaiting: number;
  private readonly maxWaitMs: number;
  private readonly now: () => number;
  private readonly sleep: (milliseconds: number) => Promise<unknown>;

  constructor(options: InProcessRateBudgetOptions = {}) {
    this.limit = options.limit ?? BURST_LIMIT;
    this.intervalMs = options.intervalMs ?? BURST_INTERVAL_MS;
    this.maxWaiting = options.maxWaiting ?? MAX_WAITING;
    this.maxWaitMs = options.maxWaitMs ?? MAX_WAIT_MS;
    this.now = options.now ?? Date.now;
    this.sleep = options.sleep ?? sleepFor;
  }

  async acquire(resourceId: string, priority: Priority): Promise<void> {
    const resource = this.resource(resourceId);
    const { interactive, bulk } = resource.queues;
    const queue = resource.queues[priority];
    if (queue.waiters.length === 0 && this.waitFor(resource, priority) === 0) {
      resource.sentAt.push(this.now());
      return;
    }
    if (interactive.waiters.length + bulk.waiters.length >= this.maxWaiting) {
      throw new RateBudgetExhausted(
        resourceId,
        Math.max(this.waitFor(resource, priority), resource.intervalMs),
      );
    }
    const admitted = new Promise<void>((admit, reject) => {
      queue.waiters.push({
        deadline: this.now() + this.maxWaitMs,
        admit,
        refuse: (retryAfterMs) => reject(new RateBudgetExhausted(resourceId, retryAfterMs)),
      });
    });
    if (!queue.attended) void this.attend(resource, priority);
    await admitted;
  }

  observe(resourceId: string, reading: RateLimitReading): void {
    const resource = this.resource(resourceId);
    const now = this.now();
    resource.limit = reading.limit ?? resource.limit;
    resource.intervalMs = reading.intervalMs ?? resource.intervalMs;
    const pauseMs = reading.pauseMs ?? (reading.dailyRemaining === 0 ? DAILY_PROBE_MS : 0);
    if (pauseMs > 0) resource.pausedUntil = Math.max(resource.pausedUntil, now + pauseMs);
    if (reading.remaining !== undefined) this.countOthers(resource, resource.limit - reading.remaining, now);
  }

  /** Requests that HighLevel counted and we did not send were sent by somebody else with the same credentials. */
  private countOthers(resource: Resource, counted: number, now: number): void {
    this.forgetOld(resource, now);
    const unseen = Math.min(counted, resource.limit) - resource.sentAt.length;
    for (let i = 0; i < unseen; i++) resource.sentAt.push(now);
  }

  /** Admits from one queue, in order, until nobody waits in it. One run per queue at a time. */
  private async attend(resource: Resource, priority: Priority): Promise<void> {
    const queue = resource.queues[priority];
    queue.attended = true;
    while (queue.waiters.length > 0) {
      const wait = this.waitFor(resource, priority);
      if (wait === 0) {
        resource.sentAt.push(this.now());
        queue.waiters.shift()?.admit();
        continue;
      }
      refuseLate(queue, this.now() + wait, wait);
      // Never longer than a window: meanwhile an answer may have told of a larger budget.
      if (queue.waiters.length > 0) await this.sleep(Math.min(wait, resource.intervalMs));
    }
    queue.attended = false;
  }

  /** Milliseconds until one more request of this priority may be sent; 0 means now. */
  private waitFor(resource: Resource, priority: Priority): number {
    const now = this.now();
    this.forgetOld(resource, now);
    const wait = Math.max(0, this.windowEnds(resource, priority) - now, resource.pausedUntil - now);
    const outranked = priority === 'bulk' && resource.queues.interactive.waiters.length > 0;
    return outranked ? Math.max(wait, 1) : wait; // the interactive queue is about to take its turn
  }

  /** When the oldest request that stands in the way leaves the window. */
  private windowEnds(resource: Resource, priority: Priority): number {
    const reserved = priority === 'bulk' ? Math.floor(resource.limit * INTERACTIVE_SHARE) : 0;
    const blocking = resource.sentAt[resource.sentAt.length - (resource.limit - reserved)];
    return blocking === undefined ? 0 : blocking + resource.intervalMs + ARRIVAL_MARGIN_MS;
  }

  private forgetOld(resource: Resource, now: number): void {
    const oldest = now - resource.intervalMs - ARRIVAL_MARGIN_MS;
    const kept = resource.sentAt.findIndex((sent) => sent > oldest);
    resource.sentAt.splice(0, kept === -1 ? resource.sentAt.length : kept);
  }

  private resource(resourceId: string): Resource {
    const known = this.resources.get(resourceId);
    if (known !== undefined) return known;
    if (this.resources.size >= MAX_RESOURCES) this.forgetIdle();
    const resource: Resource = {
      limit: this.limit,
      intervalMs: this.intervalMs,
      sentAt: [],
      pausedUntil: 0,
      queues: { interactive: { waiters: [], attended: false }, bulk: { waiters: [], attended: false } },
    };
    this.resources.set(resourceId, resource);
    return resource;
  }

  private forgetIdle(): void {
    const now = this.now();
    for (const [resourceId, resource] of this.resources) {
      this.forgetOld(resource, now);
      const awaited = resource.queues.interactive.attended || resource.queues.bulk.attended;
      if (!awaited && resource.sentAt.length === 0 && resource.pausedUntil <= now)
        this.resources.delete(resourceId);
    }
  }
}

function refuseLate(queue: Queue, nextSlot: number, retryAfterMs: number): void {
  const late = queue.waiters.filter((waiter) => waiter.deadline < nextSlot);
  if (late.length > 0) queue.waiters = queue.waiters.filter((waiter) => waiter.deadline >= nextSlot);
  for (const waiter of late) waiter.refuse(retryAfterMs);
}
