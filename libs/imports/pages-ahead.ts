/** Where a page begins; the first one anywhere. */
export type Cursor = readonly unknown[] | null;

interface Page {
  /** Where the next one begins, if there is one. */
  readonly next: Cursor | undefined;
}

/**
 * The pages of a walk, one after the other. Each says where the next one begins; that is fetched as soon as it is known,
 * while those before are still being dealt with.
 */
export class PagesAhead<P extends Page> {
  private coming: Promise<P | undefined>;

  /** @param fetch where it fails, whoever takes that page or one after it is told */
  constructor(
    private readonly fetch: (cursor: Cursor) => Promise<P>,
    start: Cursor,
  ) {
    this.coming = fetch(start);
  }

  /** @returns undefined after the last page */
  async take(): Promise<P | undefined> {
    const page = this.coming;
    this.coming = page.then((before) => (before?.next === undefined ? undefined : this.fetch(before.next)));
    this.coming.catch(() => undefined); // it may be that nobody takes it
    return page;
  }
}
