import { type RateLimit } from './settings.js';

interface Window {
  startedAt: number;
  used: number;
}

export interface RateReading {
  allowed: boolean;
  headers: Record<string, string>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Fixed windows per resource, both counted from their first call; which kind HighLevel uses is not known (HL 3). */
export class RateLimiter {
  private readonly bursts = new Map<string, Window>();
  private readonly days = new Map<string, Window>();

  constructor(
    private readonly limits: () => RateLimit,
    private readonly now: () => number,
  ) {}

  /** Counts a call; a refused one costs nothing. */
  spend(resource: string): RateReading {
    const limits = this.limits();
    const burst = this.window(this.bursts, resource, limits.intervalMs);
    const day = this.window(this.days, resource, DAY_MS);
    const allowed = burst.used < limits.max && day.used < limits.daily;
    if (allowed) {
      burst.used += 1;
      day.used += 1;
    }
    const headers: Record<string, string> = {
      'X-RateLimit-Limit-Daily': String(limits.daily),
      'X-RateLimit-Daily-Remaining': String(Math.max(0, limits.daily - day.used)),
      'X-RateLimit-Interval-Milliseconds': String(limits.intervalMs),
      'X-RateLimit-Max': String(limits.max),
      'X-RateLimit-Remaining': String(Math.max(0, limits.max - burst.used)),
    };
    if (!allowed && limits.retryAfter) {
      const until = day.used >= limits.daily ? day.startedAt + DAY_MS : burst.startedAt + limits.intervalMs;
      headers['Retry-After'] = String(Math.max(1, Math.ceil((until - this.now()) / 1000)));
    }
    return { allowed, headers };
  }

  private window(windows: Map<string, Window>, resource: string, lengthMs: number): Window {
    const known = windows.get(resource);
    if (known && this.now() - known.startedAt < lengthMs) return known;
    const begun = { startedAt: this.now(), used: 0 };
    windows.set(resource, begun);
    return begun;
  }
}
