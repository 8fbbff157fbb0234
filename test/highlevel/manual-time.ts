/** A clock that moves when told, with sleepers woken in the order of their times. */
export class ManualTime {
  private time = 1_000_000;
  private sleepers: { at: number; wake: () => void }[] = [];

  /** @param settled resolves when everything that can happen at this time has happened */
  constructor(private readonly settled: () => Promise<void> = promisesSettled) {}

  readonly now = (): number => this.time;

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((wake) => this.sleepers.push({ at: this.time + milliseconds, wake }));

  readonly pass = async (milliseconds: number): Promise<void> => {
    const until = this.time + milliseconds;
    await this.settled();
    for (let next = this.due(until); next !== undefined; next = this.due(until)) {
      this.time = Math.max(this.time, next.at);
      this.sleepers.splice(this.sleepers.indexOf(next), 1);
      next.wake();
      await this.settled();
    }
    this.time = until;
  };

  private due(until: number): { at: number; wake: () => void } | undefined {
    return this.sleepers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }
}

/** Promises that are ready have run. */
export const promisesSettled = (): Promise<void> => new Promise((done) => setImmediate(done));
