/** Runs the wake-ups of one lane inside this process: one run a hook at a time, a bounded number of hooks at once. */
export class LaneRunner {
  /** Bounded by the number of hooks: ringing one that waits changes nothing. */
  private readonly waiting = new Set<number>();
  private readonly running = new Map<number, Promise<void>>();
  private scheduled = false;
  private stopped = false;

  /** @param work must not reject */
  constructor(
    private readonly work: (hookId: number) => Promise<void>,
    private readonly hooksAtOnce: number,
  ) {}

  ring(hookId: number): void {
    if (this.stopped) return;
    this.waiting.add(hookId);
    if (this.scheduled) return;
    this.scheduled = true;
    // Not within the caller's turn: ringing must cost it nothing.
    setImmediate(() => {
      this.scheduled = false;
      this.startWaiting();
    });
  }

  /** Takes nothing new and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.waiting.clear();
    await Promise.all(this.running.values());
  }

  private startWaiting(): void {
    for (const hookId of this.waiting) {
      if (this.running.size >= this.hooksAtOnce) return;
      if (this.running.has(hookId)) continue; // rung while it is worked on: its next turn comes after this one
      this.waiting.delete(hookId);
      const run = this.work(hookId).finally(() => {
        this.running.delete(hookId);
        this.startWaiting();
      });
      this.running.set(hookId, run);
    }
  }
}
