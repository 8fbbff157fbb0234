import { type Journal } from './journal.js';

/** Records of one kind by key, in the order they were added, each change of which is in the journal. */
export class Collection<T> {
  private readonly records: Map<string, T>;

  /** The journal's lines are this class's own, so their values are of `T`. */
  constructor(
    private readonly name: string,
    private readonly journal: Journal,
  ) {
    this.records = new Map(journal.recorded(name)) as Map<string, T>;
  }

  get size(): number {
    return this.records.size;
  }

  get(key: string): T | undefined {
    return this.records.get(key);
  }

  values(): T[] {
    return [...this.records.values()];
  }

  entries(): [string, T][] {
    return [...this.records.entries()];
  }

  set(key: string, value: T): void {
    this.journal.put(this.name, key, value);
    this.records.set(key, value);
  }

  /** @returns whether it was there */
  delete(key: string): boolean {
    if (!this.records.has(key)) return false;
    this.journal.delete(this.name, key);
    return this.records.delete(key);
  }

  /** Takes a record out, so that only one caller can have it: codes and refresh tokens work once. */
  take(key: string): T | undefined {
    const record = this.records.get(key);
    this.delete(key);
    return record;
  }
}
