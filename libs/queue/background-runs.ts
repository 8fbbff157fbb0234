/** A piece of work; never rejects. */
export type Run = () => Promise<void>;

/** Long pieces of work that a process does beside everything else, a few at a time. */
export class BackgroundRuns {
  private readonly running = new Set<Promise<void>>();
  private looking: Promise<void> | undefined;
  private stopped = false;

  /** @param most pieces at a time */
  constructor(private readonly most: number) {}

  /** A piece that sees this ends as soon as it can, and leaves the rest to another process. */
  get isStopping(): boolean {
    return this.stopped;
  }

  /**
   * Begins what `next` finds, while there is room and something to be found. Of calls at the same time only one looks.
   * @throws what `next` throws
   */
  async fill(next: () => Promise<Run | undefined>): Promise<void> {
    if (this.looking) return;
    this.looking = this.look(next);
    try {
      await this.looking;
    } finally {
      this.looking = undefined;
    }
  }

  /** Begins nothing any more. Resolves when everything has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking?.catch(() => undefined);
    await Promise.all(this.running);
  }

  private async look(next: () => Promise<Run | undefined>): Promise<void> {
    while (!this.stopped && this.running.size < this.most) {
      const run = await next();
      if (!run) return;
      const done = run().finally(() => this.running.delete(done));
      this.running.add(done);
    }
  }
}
