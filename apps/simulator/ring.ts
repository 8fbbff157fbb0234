/** The newest entries, up to a bound. */
export class Ring<T> {
  private entries: T[] = [];

  constructor(private readonly capacity: number) {}

  push(entry: T): void {
    this.entries.push(entry);
    // Trimmed in lumps, lest every push past the bound move the whole list.
    if (this.entries.length >= this.capacity * 2) this.entries = this.entries.slice(-this.capacity);
  }

  /** Oldest first. */
  list(): T[] {
    return this.entries.slice(-this.capacity);
  }

  clear(): void {
    this.entries = [];
  }
}
