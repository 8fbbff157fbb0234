import { Injectable, Logger } from '@nestjs/common';
import { type ContactLink, type Hook } from '#libs/database';
import { DomainError } from '#libs/errors';
import {
  type HighLevelApi,
  type HighLevelContact,
  HighLevelError,
  RateBudgetExhausted,
  readContactId,
} from '#libs/highlevel';
import { HighLevelClients } from '#libs/integrations';
import { DataSource, type EntityManager } from 'typeorm';
import { ContactLinks, placeOfHook } from './contact-links.js';
import { type FoldedContact, foldEvents, parseDate, stateAfter } from './fold-events.js';
import { type BegunNews, InboundContacts } from './inbound-contacts.js';
import {
  type FetchedContact,
  type FetchedContacts,
  type InboundContactEvent,
  type InboundResult,
} from './inbound-event.js';
import { type InboundSource, type News, newsOf } from './inbound-news.js';
import { type ReadContact } from './read-contact.js';
import { countryOf, openSource } from './open-source.js';

/** Contacts fetched at once. */
const PARALLEL_FETCHES = 5;
/** HL 5.2. */
const NOT_IN_SEARCH = ['timezone'] as const;

/** Contacts that are locked, and what HighLevel tells of them. */
export interface LookedUp {
  readonly source: InboundSource;
  readonly folded: readonly FoldedContact[];
  /** By HighLevel's contact id, of those of which there is something to apply. */
  readonly news: ReadonlyMap<string, News>;
  /** Events that name no contact. */
  readonly nameless: readonly InboundResult[];
}

/** Brings contact events of HighLevel into DeskFlow. */
@Injectable()
export class ContactSync {
  private readonly logger = new Logger(ContactSync.name);

  constructor(
    private readonly database: DataSource,
    private readonly clients: HighLevelClients,
    private readonly links: ContactLinks,
    private readonly inboundContacts: InboundContacts,
  ) {}

  /**
   * To be called before the transaction of `applyEvents`, with the same events: asks HighLevel's API, once for each
   * contact, where the events tell only a part. A contact that cannot be had is left out; then what its events leave
   * out stays as it is, until the next event or the reconciliation.
   */
  async prepare(hook: Hook, events: readonly InboundContactEvent[]): Promise<FetchedContacts> {
    const groups = byContact(events);
    const links = await this.linksOf(hook, [...groups.keys()]);
    const country = await countryOf(this.database.manager, hook.id);
    const wanted = [...groups].filter(([id, those]) => isPart(those, links.get(id), country));
    const api = this.clients.forHook(hook);
    const fetched = new Map<string, FetchedContact>();
    for (let start = 0; start < wanted.length; start += PARALLEL_FETCHES) {
      await Promise.all(
        wanted.slice(start, start + PARALLEL_FETCHES).map(async ([id]) => {
          const contact = await this.fetch(api, hook, id);
          const before = links.get(id)?.updatedAt.getTime();
          const isCurrent = (link?: ContactLink): boolean => link?.updatedAt.getTime() === before;
          if (contact) fetched.set(id, { contact, isCurrent });
        }),
      );
    }
    return fetched;
  }

  /**
   * Applies the events in the caller's transaction; each result names its event. Events of one contact count by their
   * time, whatever their order here; those that HighLevel's later state has overtaken change nothing.
   * Throws what PostgreSQL throws; then the transaction is lost and none of the events was applied.
   */
  async applyEvents(
    manager: EntityManager,
    hook: Hook,
    events: readonly InboundContactEvent[],
    fetched: FetchedContacts = new Map(),
  ): Promise<InboundResult[]> {
    return this.applyLookedUp(manager, await this.lookUp(manager, hook, events, fetched));
  }

  /**
   * Applies contacts as HighLevel's search shows them, in the caller's transaction. Each result's `id` is the place of
   * its contact in the list. What is known to have changed later is left as it is.
   * @param asOf PostgreSQL's time before HighLevel was asked
   */
  async applyFound(
    manager: EntityManager,
    hook: Hook,
    contacts: readonly HighLevelContact[],
    asOf: Date,
  ): Promise<InboundResult[]> {
    return this.applyLookedUp(manager, await this.lookUpFound(manager, hook, contacts, asOf));
  }

  /**
   * The first half of `applyFound`: locks the contacts and looks at what is known of them. It waits for nobody who is
   * past this, so it may be done with a page while the one before is being written.
   * @param read what was read of the contacts before, by their places
   */
  async lookUpFound(
    manager: EntityManager,
    hook: Hook,
    contacts: readonly HighLevelContact[],
    asOf: Date,
    read: readonly ReadContact[] = [],
  ): Promise<LookedUp> {
    const isCurrent = (link?: ContactLink): boolean => link === undefined || link.updatedAt <= asOf;
    const events = contacts.map(({ id, dateUpdated }, index): InboundContactEvent => ({
      id: index,
      eventAt: parseDate(dateUpdated),
      event: { type: 'ContactUpdate', id },
    }));
    const found = contacts.map((contact, index): [string, FetchedContact] => [
      contact.id,
      { contact, isCurrent, unsaid: NOT_IN_SEARCH, read: read[index] },
    ]);
    return this.lookUp(manager, hook, events, new Map(found));
  }

  /** The second half, in the same transaction. @param begun what `begin` returned, if it was called */
  async applyLookedUp(
    manager: EntityManager,
    lookedUp: LookedUp,
    begun: Promise<BegunNews> = this.begin(manager, lookedUp),
  ): Promise<InboundResult[]> {
    const { source, folded, news, nameless } = lookedUp;
    const results = await this.inboundContacts.finish(manager, source, folded, news, await begun);
    return [...nameless, ...results];
  }

  /** The first part of `applyLookedUp`: after it, the contacts that are new are there, without labels and links. */
  async begin(manager: EntityManager, { source, folded, news }: LookedUp): Promise<BegunNews> {
    return this.inboundContacts.begin(manager, source, folded, news);
  }

  private async lookUp(
    manager: EntityManager,
    hook: Hook,
    events: readonly InboundContactEvent[],
    fetched: FetchedContacts,
  ): Promise<LookedUp> {
    const [source, folded] = await Promise.all([
      openSource(manager, hook),
      this.inboundContacts.fold(manager, placeOfHook(hook), byContact(events)),
    ]);
    const nameless = events
      .filter(({ event }) => readContactId(event) === undefined)
      .map(({ id }) => ({ id, outcome: 'ignored', reason: 'missing_contact_id' }) as const);
    const news = new Map<string, News>();
    for (const one of folded) {
      const its = newsOf(one, source, fetched);
      if (its) news.set(one.ghlContactId, its);
    }
    return { source, folded, news, nameless };
  }

  private async linksOf(
    hook: Hook,
    ghlContactIds: readonly string[],
  ): Promise<ReadonlyMap<string, ContactLink>> {
    const links = await this.links.ofRemotes(this.database.manager, placeOfHook(hook), ghlContactIds);
    return new Map(links.map((link) => [link.ghlContactId, link]));
  }

  /** Failing to fetch is no reason to fail: the events still tell their part. */
  private async fetch(
    api: HighLevelApi,
    hook: Hook,
    ghlContactId: string,
  ): Promise<HighLevelContact | undefined> {
    try {
      return await api.contacts.get(ghlContactId);
    } catch (error) {
      if (!isRemoteTrouble(error)) throw error;
      const { id: hookId, accountId } = hook;
      this.logger.warn({
        msg: 'Could not fetch a contact; applying its events alone',
        hookId,
        accountId,
        ghlContactId,
        reason: error.message,
      });
      return undefined;
    }
  }
}

function isRemoteTrouble(error: unknown): error is Error {
  return (
    error instanceof HighLevelError || error instanceof RateBudgetExhausted || error instanceof DomainError
  );
}

function isPart(
  events: readonly InboundContactEvent[],
  link: ContactLink | undefined,
  country: string | null,
): boolean {
  const { decision } = foldEvents(events, link);
  return decision.kind === 'apply' && !stateAfter(decision.events, link, country).isComplete;
}

function byContact(events: readonly InboundContactEvent[]): Map<string, InboundContactEvent[]> {
  const groups = new Map<string, InboundContactEvent[]>();
  for (const event of events) {
    const id = readContactId(event.event);
    if (id === undefined) continue;
    const others = groups.get(id);
    if (others) others.push(event);
    else groups.set(id, [event]);
  }
  return groups;
}
