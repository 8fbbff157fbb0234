import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type Hook, isDataFault, runStatement } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { placeOfHook } from './contact-links.js';
import { ContactSync, type LookedUp } from './contact-sync.js';
import { FieldMaps } from './field-maps.js';
import { countryOf } from './open-source.js';
import { type InboundResult } from './inbound-event.js';
import { LocalSide } from './local-side.js';
import { remoteFields } from './remote-contact.js';

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
  readonly runner: QueryRunner;
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
    private readonly localSide: LocalSide,
  ) {}

  /**
   * What `apply` has less to do with afterwards, to be called with contacts while PostgreSQL is busy with others. A few at
   * a time, as those others must not wait for it. Whoever is most likely new is drafted, too.
   */
  async reader(
    hook: Hook,
  ): Promise<(contacts: readonly HighLevelContact[], areNew: boolean) => Promise<void>> {
    const country = await countryOf(this.database.manager, hook.id);
    const { fields: map } = await this.fieldMaps.of(this.database.manager, placeOfHook(hook));
    return async (contacts, areNew) => {
      for (const [index, contact] of contacts.entries()) {
        if (index % READ_AT_ONCE === 0) await setImmediate();
        const fields = remoteFields(contact, country);
        if (areNew && map.heardOfRemote(fields, {}) === fields)
          this.localSide.draft({ ghlContactId: contact.id, fields }, map);
      }
    };
  }

  /** `open` and `write`. */
  async apply<T>(hook: Hook, page: FoundPage, isDryRun: boolean, then: Then<T>): Promise<T> {
    return this.write(await this.open(hook, page), isDryRun, then);
  }

  /**
   * Begins a page's transaction: its contacts are locked and looked up. Nothing that `write` does waits for these locks,
   * so a page may be opened while the one before is being written.
   * @returns what is to be given to `write`, or let go of
   */
  async open<Page extends FoundPage>(hook: Hook, page: Page): Promise<OpenPage<Page>> {
    const runner = this.database.createQueryRunner();
    try {
      await runner.startTransaction();
      const { manager } = runner;
      const [lookedUp] = await Promise.all([
        this.contactSync.lookUpFound(manager, hook, page.contacts, page.asOf),
        runStatement(manager, 'savepoint page', []), // after the locks, which therefore outlive a way back to it
      ]);
      return { hook, page, lookedUp, runner };
    } catch (error) {
      await end(runner);
      throw error;
    }
  }

  /** Ends a page's transaction without having written anything. */
  async letGo({ runner }: OpenPage): Promise<void> {
    await end(runner);
  }

  /**
   * In one transaction with what `then` does: together, as that takes the fewest statements, or where a contact cannot be
   * stored, each on its own, so that it fails alone.
   * @param isDryRun the contacts are undone, and only what `then` does is committed
   * @returns what `then` returned
   */
  async write<T>(open: OpenPage, isDryRun: boolean, then: Then<T>): Promise<T> {
    const { runner } = open;
    const { manager } = runner;
    try {
      const outcome = await this.together(manager, open).catch(async (error: unknown) => {
        if (!isDataFault(error)) throw error;
        await manager.query('rollback to savepoint page');
        return this.oneByOne(manager, open);
      });
      if (isDryRun) await manager.query('rollback to savepoint page');
      const result = await then(manager, outcome);
      await runner.commitTransaction();
      return result;
    } finally {
      await end(runner);
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

  private async together(manager: EntityManager, { hook, lookedUp }: OpenPage): Promise<FoundOutcome> {
    const results = await this.contactSync.applyLookedUp(manager, lookedUp);
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

/** Undoes what is not committed; a connection that is lost has done so. */
async function end(runner: QueryRunner): Promise<void> {
  if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
  await runner.release();
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
