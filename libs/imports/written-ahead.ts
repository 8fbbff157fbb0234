import {
  type FoundContacts,
  type FoundPage,
  type OpenPage,
  type PageConnections,
  type WrittenPage,
} from '#libs/contact-sync';
import { type Hook } from '#libs/database';

/** Pages that come next; nothing after the last one. */
type Opened<P extends FoundPage> = Promise<OpenPage<P> | undefined>;
type Written<P extends FoundPage> = Promise<WrittenPage<P> | undefined>;

/**
 * The pages of a walk, written one after the other. While one is being committed the next is written, and while that is
 * written the one after it is opened: on two connections in turn, as the first is free again by then.
 */
export class WrittenAhead<P extends FoundPage> {
  private open: Opened<P>;
  private written: Written<P>;

  /** @param pages as they were fetched */
  constructor(
    private readonly found: FoundContacts,
    private readonly hook: Hook,
    private readonly pages: { take(): Promise<P | undefined> },
    private readonly connections: PageConnections,
  ) {
    this.open = this.openNext();
    this.written = this.writeNext(this.open);
  }

  /** To be called when the page before is committed. @returns undefined after the last page */
  take(): Written<P> {
    const current = this.written;
    this.open = this.openNext(this.open);
    this.written = this.writeNext(this.open, current);
    return current;
  }

  /** Lets go of what nobody has taken. Waits for nothing: a page that comes late ends its transaction when it is there. */
  async close(): Promise<void> {
    const { open, written } = this;
    void Promise.allSettled([written])
      .then(() => open)
      .then((page) => page && this.found.letGo(page))
      .catch(() => undefined);
    await this.connections.close();
  }

  /** @param before what has to be open first: the pages are locked one after the other */
  private openNext(before?: Opened<P>): Opened<P> {
    const open = Promise.all([this.pages.take(), before]).then(
      ([page, previous]) => page && this.found.open(this.hook, page, this.connections, previous),
    );
    open.catch(() => undefined); // of a page that nobody comes to wait for, a failure is of no interest
    return open;
  }

  /** @param before what has to be written first */
  private writeNext(open: Opened<P>, before?: Written<P>): Written<P> {
    const written = Promise.all([open, before]).then(([page]) => page && this.found.write(page));
    written.catch(() => undefined); // as above
    return written;
  }
}
