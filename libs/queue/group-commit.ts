interface Waiting<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions<Item> {
  /** Writes a group in one transaction; resolves when it is durable. Rejects with nothing written. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  /** Whether one item may be to blame: the group is then written one by one. Otherwise all of it fails. */
  readonly isItemsFault: (error: unknown) => boolean;
  readonly maxItems: number;
  /** Left out where callers are few by themselves. */
  readonly memory?: MemoryBound<Item>;
}

export interface MemoryBound<Item> {
  readonly sizeOf: (item: Item) => number;
  /** Bytes of a group. */
  readonly maxBytes: number;
  /** Bytes that may wait; beyond it `add` refuses. */
  readonly maxWaitingBytes: number;
  readonly onFull: () => Error;
}

/**
 * Writes items in groups: what arrives while a write is under way shares the next one, and with it the wait for the
 * disk. An item that comes alone is written at once; no timer delays it.
 */
export class GroupCommit<Item> {
  private waiting: Waiting<Item>[] = [];
  private waitingBytes = 0;
  private writing = false;

  constructor(private readonly options: GroupCommitOptions<Item>) {}

  /**
   * Resolves when the item is durable.
   * @throws what `onFull` makes when too much waits already, and what `write` throws
   */
  add(item: Item): Promise<void> {
    const { memory } = this.options;
    const bytes = memory?.sizeOf(item) ?? 0;
    if (memory && this.waitingBytes + bytes > memory.maxWaitingBytes) return Promise.reject(memory.onFull());
    this.waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, bytes, resolve, reject });
      if (!this.writing) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.writing = true;
    try {
      while (this.waiting.length > 0) await this.writeGroup(this.nextGroup());
    } finally {
      this.writing = false;
    }
  }

  private nextGroup(): Waiting<Item>[] {
    const { maxItems, memory } = this.options;
    const maxBytes = memory?.maxBytes ?? Infinity;
    let size = 0;
    let count = 0;
    for (const { bytes } of this.waiting) {
      if (count === maxItems || (count > 0 && size + bytes > maxBytes)) break;
      size += bytes;
      count += 1;
    }
    const group = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    this.waitingBytes -= size;
    return group;
  }

  private async writeGroup(group: readonly Waiting<Item>[]): Promise<void> {
    try {
      await this.options.write(group.map(({ item }) => item));
      for (const { resolve } of group) resolve();
    } catch (error) {
      if (group.length > 1 && this.options.isItemsFault(error)) {
        for (const one of group) await this.writeGroup([one]);
      } else {
        for (const { reject } of group) reject(error);
      }
    }
  }
}
