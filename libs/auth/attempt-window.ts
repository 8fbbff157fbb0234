/** Keys counted at a time; an attacker with more addresses than that pushes out the oldest, never all memory. */
const MAX_KEYS = 10_000;

/** Counts attempts per key in a sliding window. In memory: each process counts for itself, a restart forgets. */
export class AttemptWindow {
  private readonly attempts = new Map<string, number[]>();

  /** @param windowMs milliseconds an attempt counts */
  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** Seconds until another attempt is allowed; 0 when it is allowed now. */
  wait(key: string, now: number): number {
    const recent = this.recent(key, now);
    const blocking = recent[recent.length - this.limit];
    return blocking === undefined ? 0 : Math.max(1, Math.ceil((blocking + this.windowMs - now) / 1_000));
  }

  add(key: string, now: number): void {
    const recent = [...this.recent(key, now), now].slice(-this.limit);
    this.attempts.delete(key);
    if (this.attempts.size >= MAX_KEYS) this.forgetOldest();
    this.attempts.set(key, recent);
  }

  /** Takes an attempt back that turned out not to count. */
  remove(key: string, at: number): void {
    const times = this.attempts.get(key);
    const index = times?.lastIndexOf(at) ?? -1;
    if (index >= 0) times?.splice(index, 1);
    if (times?.length === 0) this.attempts.delete(key);
  }

  private recent(key: string, now: number): number[] {
    return (this.attempts.get(key) ?? []).filter((at) => at > now - this.windowMs);
  }

  private forgetOldest(): void {
    const oldest = this.attempts.keys().next();
    if (!oldest.done) this.attempts.delete(oldest.value);
  }
}
