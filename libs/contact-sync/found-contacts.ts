import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { SearchIndex } from '#libs/contacts';
import { type Hook, isDataFault } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { DataSource, type EntityManager } from 'typeorm';
import { placeOfHook } from './contact-links.js';
import { ContactSync } from './contact-sync.js';
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

/** Brings what a search of HighLevel's contacts found to DeskFlow. */
@Injectable()
export class FoundContacts {
  private readonly logger = new Logger(FoundContacts.name);

  constructor(
    private readonly database: DataSource,
    private readonly contactSync: ContactSync,
    private readonly fieldMaps: FieldMaps,
    private readonly localSide: LocalSide,
    private readonly searchIndex: SearchIndex,
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

  /**
   * In one transaction with what `then` does: together, as that takes the fewest statements, or where a contact cannot be
   * stored, each on its own, so that it fails alone.
   * @param isDryRun the contacts are undone, and only what `then` does is committed
   * @returns what `then` returned
   */
  async apply<T>(
    hook: Hook,
    page: FoundPage,
    isDryRun: boolean,
    then: (manager: EntityManager, outcome: FoundOutcome) => Promise<T>,
  ): Promise<T> {
    let created = 0;
    const inTransaction = (isEach: boolean): Promise<T> =>
      this.database.transaction(async (manager) => {
        if (isDryRun) await manager.query('savepoint page');
        const outcome = await (isEach
          ? this.oneByOne(manager, hook, page)
          : this.together(manager, hook, page));
        if (isDryRun) await manager.query('rollback to savepoint page');
        created = outcome.results.filter((result) => result.outcome === 'created').length;
        return then(manager, outcome);
      });
    const result = await inTransaction(false).catch((error: unknown) => {
      if (!isDataFault(error)) throw error;
      return inTransaction(true);
    });
    // Also those of a dry run, which wait there until they are vacuumed.
    this.searchIndex.grew(created);
    return result;
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

  private async together(
    manager: EntityManager,
    hook: Hook,
    { contacts, asOf }: FoundPage,
  ): Promise<FoundOutcome> {
    const results = await this.contactSync.applyFound(manager, hook, contacts, asOf);
    return { results, refused: [], conflicts: await conflictsAmong(manager, hook, results) };
  }

  private async oneByOne(
    manager: EntityManager,
    hook: Hook,
    { contacts, asOf }: FoundPage,
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
