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
  /** What PostgreSQL was asked last: a page that has not been fetched yet is not among it. */
  private readonly asked: { open?: Opened<P>; written?: Written<P> } = {};
  private isClosed = false;

  /**
   * @param pages as they were fetched
   * @param connections closed with it
   */
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

  /** Undoes what nobody has taken. A page that is still being fetched is not waited for, and comes to nothing. */
  async close(): Promise<void> {
    this.isClosed = true;
    const [open] = await Promise.allSettled([this.asked.open, this.asked.written]);
    if (open.status === 'fulfilled' && open.value) await this.found.letGo(open.value);
    await this.connections.close();
  }

  /** @param before what has to be open first: the pages are locked one after the other */
  private openNext(before?: Opened<P>): Opened<P> {
    const open = Promise.all([this.pages.take(), before]).then(([page, previous]) => {
      if (!page || this.isClosed) return undefined;
      return (this.asked.open = this.found.open(this.hook, page, this.connections, previous));
    });
    open.catch(() => undefined); // of a page that nobody comes to wait for, a failure is of no interest
    return open;
  }

  /** @param before what has to be written first */
  private writeNext(open: Opened<P>, before?: Written<P>): Written<P> {
    const written = Promise.all([open, before]).then(([page]) => {
      if (!page || this.isClosed) return undefined;
      return (this.asked.written = this.found.write(page));
    });
    written.catch(() => undefined); // as above
    return written;
  }
}
