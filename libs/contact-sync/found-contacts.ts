import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type Hook, isDataFault, runStatement } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { DataSource, type EntityManager } from 'typeorm';
import { placeOfHook } from './contact-links.js';
import { ContactSync, type LookedUp } from './contact-sync.js';
import { FieldMaps } from './field-maps.js';
import { countryOf } from './open-source.js';
import { type BegunNews } from './inbound-contacts.js';
import { type InboundResult } from './inbound-event.js';
import { type PageConnection, PageConnections } from './page-connections.js';
import { readAhead, type ReadContact } from './read-contact.js';

/** Contacts of one transaction: as many as HighLevel shows on a page (HL 5.2). */
export const FOUND_AT_ONCE = 500;
/** Takes a fraction of a millisecond. */
const READ_AT_ONCE = 5;
/** More than the fields of so many contacts that two sides can have changed. */
const MOST_CONFLICTS = 10_000;

/** Contacts as HighLevel's search showed them. */
export interface FoundPage {
  /** No more than `FOUND_AT_ONCE`. */
  readonly contacts: readonly HighLevelContact[];
  /** What `reader` has read of them. */
  readonly read?: readonly ReadContact[];
  /** PostgreSQL's time before HighLevel was asked. */
  readonly asOf: Date;
}

/** A contact that cannot be stored as it is. */
export interface Refused {
  readonly contact: HighLevelContact;
  readonly reason: string;
}

/** What became of the contacts of a page. */
export interface FoundOutcome {
  /** `id` is the contact's place in the page. */
  readonly results: readonly InboundResult[];
  readonly refused: readonly Refused[];
  /** Fields that both sides had changed. */
  readonly conflicts: number;
}

/** A page whose contacts are locked and looked up, in a transaction of its own. */
export interface OpenPage<Page extends FoundPage = FoundPage> {
  readonly hook: Hook;
  readonly page: Page;
  readonly lookedUp: LookedUp;
  readonly connection: PageConnection;
  /** Set while its contacts are made, labelled and linked together. */
  begun?: Promise<BegunNews>;
  /** Until it is known whether they are made beside those of the page before. */
  decided?: Promise<void>;
}

/** A page whose contacts are written, in the same transaction; nobody else sees them yet. */
export interface WrittenPage<Page extends FoundPage = FoundPage> extends OpenPage<Page> {
  readonly outcome: FoundOutcome;
}

/** What is committed with a page. */
type Then<T> = (manager: EntityManager, outcome: FoundOutcome) => Promise<T>;

/** Brings what a search of HighLevel's contacts found to DeskFlow. */
@Injectable()
export class FoundContacts {
  private readonly logger = new Logger(FoundContacts.name);

  constructor(
    private readonly database: DataSource,
    private readonly contactSync: ContactSync,
    private readonly fieldMaps: FieldMaps,
  ) {}

  /**
   * What `open` and `write` have less to do with, to be called with contacts while PostgreSQL is busy with others. A few at
   * a time, as those others must not wait for it. Whoever is most likely new is drafted, too.
   */
  async reader(
    hook: Hook,
  ): Promise<(contacts: readonly HighLevelContact[], areNew: boolean) => Promise<ReadContact[]>> {
    const country = await countryOf(this.database.manager, hook.id);
    const { fields: map } = await this.fieldMaps.of(this.database.manager, placeOfHook(hook));
    return async (contacts, areNew) => {
      const read: ReadContact[] = [];
      for (const [index, contact] of contacts.entries()) {
        if (index % READ_AT_ONCE === 0) await setImmediate();
        read.push(readAhead(contact, country, map, areNew));
      }
      return read;
    };
  }

  /** `open`, `write` and `commit`. */
  async apply<T>(hook: Hook, page: FoundPage, then: Then<T>): Promise<T> {
    const connections = new PageConnections(this.database);
    try {
      return await this.commit(await this.write(await this.open(hook, page, connections)), false, then);
    } finally {
      await connections.close();
    }
  }

  /**
   * Begins a page's transaction: its contacts are locked and looked up. Nothing that `write` does waits for these locks,
   * so a page may be opened while the one before is being written.
   * @param before the page that is being written, so that new contacts can be made beside that, too
   * @returns what is to be given to `write`, or let go of
   */
  async open<Page extends FoundPage>(
    hook: Hook,
    page: Page,
    connections: PageConnections,
    before?: OpenPage,
  ): Promise<OpenPage<Page>> {
    const connection = connections.take();
    try {
      const { runner } = connection;
      await runner.startTransaction();
      const { manager } = runner;
      const [lookedUp] = await Promise.all([
        this.contactSync.lookUpFound(manager, hook, page.contacts, page.asOf, page.read),
        runStatement(manager, 'savepoint page', []), // after the locks, which therefore outlive a way back to it
      ]);
      const open: OpenPage<Page> = { hook, page, lookedUp, connection };
      if (before) open.decided = this.beginBeside(open, before);
      return open;
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  /** Ends a page's transaction as if it had never been; does nothing to one that has ended. */
  async letGo(open: OpenPage): Promise<void> {
    await open.decided;
    await open.begun?.catch(() => undefined);
    await open.connection.end();
  }

  /**
   * Writes a page's contacts: together, as that takes the fewest statements, or where one cannot be stored, each on its
   * own, so that it fails alone. Where this fails, the page is let go of.
   * @returns what is to be given to `commit`, or let go of
   */
  async write<Page extends FoundPage>(open: OpenPage<Page>): Promise<WrittenPage<Page>> {
    const { manager } = open.connection.runner;
    try {
      const outcome = await this.together(manager, open).catch(async (error: unknown) => {
        if (!isDataFault(error)) throw error;
        delete open.begun;
        await manager.query('rollback to savepoint page');
        return this.oneByOne(manager, open);
      });
      return { ...open, outcome };
    } catch (error) {
      await open.connection.end();
      throw error;
    }
  }

  /**
   * Ends a page's transaction with what `then` does. It takes no lock of a contact, so the next page may be written
   * meanwhile.
   * @param isDryRun the contacts are undone, and only what `then` does is committed
   * @returns what `then` returned
   */
  async commit<T>({ connection, outcome }: WrittenPage, isDryRun: boolean, then: Then<T>): Promise<T> {
    try {
      const { runner } = connection;
      if (isDryRun) await runner.manager.query('rollback to savepoint page');
      const result = await then(runner.manager, outcome);
      await runner.commitTransaction();
      return result;
    } finally {
      await connection.end();
    }
  }

  /**
   * To be called after many contacts were made: PostgreSQL looks at a table that has grown a minute later, and would read
   * all links of a location for each of its events until then.
   */
  async haveGrown(): Promise<void> {
    try {
      await this.database.query('analyze ghl.contact_links');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn({ msg: 'Could not analyze the links of new contacts', reason });
    }
  }

  /**
   * Makes the contacts of a page while those of the page before are labelled and linked, if all of both are new: each is
   * half of PostgreSQL's work. It cannot see that the two are committed in order, so the one before must never wait for
   * what this locks, which are e-mails and phones: labels and links need none, and writing its contacts one by one only
   * its own.
   */
  private async beginBeside(open: OpenPage, before: OpenPage): Promise<void> {
    if (!isOfNewcomers(before.lookedUp) || !isOfNewcomers(open.lookedUp)) return;
    const begun = await before.begun?.catch(() => undefined);
    const isLabelledAndLinkedNext = begun?.created.size === before.lookedUp.news.size;
    if (isLabelledAndLinkedNext && !shareAddresses(open.lookedUp, before.lookedUp)) void this.begin(open);
  }

  private begin(open: OpenPage): Promise<BegunNews> {
    open.begun ??= this.contactSync.begin(open.connection.runner.manager, open.lookedUp);
    open.begun.catch(() => undefined); // `write` comes to see it
    return open.begun;
  }

  private async together(manager: EntityManager, open: OpenPage): Promise<FoundOutcome> {
    const { hook, lookedUp } = open;
    const results = await this.contactSync.applyLookedUp(manager, lookedUp, this.begin(open));
    return { results, refused: [], conflicts: await conflictsAmong(manager, hook, results) };
  }

  private async oneByOne(
    manager: EntityManager,
    { hook, page: { contacts, asOf } }: OpenPage,
  ): Promise<FoundOutcome> {
    const results: InboundResult[] = [];
    const refused: Refused[] = [];
    for (const [id, contact] of contacts.entries()) {
      await manager.query('savepoint contact');
      try {
        const applied = await this.contactSync.applyFound(manager, hook, [contact], asOf);
        results.push(...applied.map((result) => ({ ...result, id })));
        await manager.query('release savepoint contact');
      } catch (error) {
        if (!isDataFault(error)) throw error;
        await manager.query('rollback to savepoint contact');
        refused.push({ contact, reason: 'value_not_storable' });
      }
    }
    return { results, refused, conflicts: await conflictsAmong(manager, hook, results) };
  }
}

function isOfNewcomers({ folded, news }: LookedUp): boolean {
  return news.size === folded.length && folded.every(({ link }) => link === undefined);
}

function shareAddresses(one: LookedUp, other: LookedUp): boolean {
  const known = new Set<unknown>();
  for (const { fields } of one.news.values()) known.add(fields.email).add(fields.phone);
  known.delete(undefined);
  for (const { fields } of other.news.values())
    if (known.has(fields.email) || known.has(fields.phone)) return true;
  return false;
}

/** Those that this transaction has settled: they bear its time, and are the latest. */
async function conflictsAmong(
  manager: EntityManager,
  { accountId }: Hook,
  results: readonly InboundResult[],
): Promise<number> {
  if (!results.some(({ outcome }) => outcome === 'applied')) return 0;
  const [row] = await manager.query<[{ count: number }]>(
    `select count(*) filter (where detected_at = now()) as count
       from (select detected_at from ghl.sync_conflicts where account_id = $1 order by id desc limit $2) latest`,
    [accountId, MOST_CONFLICTS],
  );
  return row.count;
}
