import { Injectable } from '@nestjs/common';
import { type Contact, type ContactLink } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { ContactLinks, type Place, placeOfHook } from './contact-links.js';
import { type MappedPlace } from './field-maps.js';
import { type FoldedContact, foldEvents, linkOfDeleted } from './fold-events.js';
import { InboundConnects } from './inbound-connects.js';
import { type InboundContactEvent, type InboundResult } from './inbound-event.js';
import { type InboundSource, type News, type Outcome } from './inbound-news.js';
import { type InboundUpdate, InboundUpdates } from './inbound-updates.js';
import { type Created, LocalSide } from './local-side.js';
import { type Overtaken, OvertakenChanges } from './overtaken-changes.js';
import { type WrittenOver, writtenOver } from './push-trace.js';
import { type RemoteDeletion, RemoteDeletions } from './remote-deletions.js';

/** News that are being applied. */
export interface BegunNews {
  readonly place: MappedPlace;
  /** Those of DeskFlow that are linked, locked, by their ids. */
  readonly contacts: ReadonlyMap<number, Contact>;
  readonly newcomers: readonly News[];
  /** Those of the newcomers who could be made a contact at once, by HighLevel's contact id. */
  readonly created: ReadonlyMap<string, Created>;
}

/** Applies what HighLevel says about its contacts to DeskFlow. Everything runs in the caller's transaction. */
@Injectable()
export class InboundContacts {
  constructor(
    private readonly links: ContactLinks,
    private readonly deletions: RemoteDeletions,
    private readonly localSide: LocalSide,
    private readonly updates: InboundUpdates,
    private readonly connects: InboundConnects,
    private readonly overtakenChanges: OvertakenChanges,
  ) {}

  /**
   * The first step: locks the contacts, so that until the transaction ends nobody else applies anything to them, and
   * looks at what is known of them.
   * @param events by HighLevel's contact id; those of one contact in any order
   */
  async fold(
    manager: EntityManager,
    place: Place,
    events: ReadonlyMap<string, readonly InboundContactEvent[]>,
  ): Promise<FoldedContact[]> {
    const ids = [...events.keys()];
    const [, { links, deletions }] = await Promise.all([
      this.links.lock(manager, place, ids),
      this.links.known(manager, place, ids),
    ]);
    const byId = new Map(links.map((link) => [link.ghlContactId, link]));
    const folded: FoldedContact[] = [];
    for (const [ghlContactId, those] of events) {
      const link = byId.get(ghlContactId);
      const deletedAt = deletions.get(ghlContactId);
      const its = foldEvents(those, link ?? (deletedAt && linkOfDeleted(deletedAt)));
      folded.push({ ghlContactId, link, ...its });
    }
    return folded;
  }

  /**
   * The second step: locks the contacts of DeskFlow, and makes those that are new, unless what they need goes to one that
   * is linked. In the order that nearly all transactions keep, so as not to block each other: HighLevel's contacts are
   * locked first, by `fold`, then those of DeskFlow, then e-mails and phone numbers, then tags.
   */
  async begin(
    manager: EntityManager,
    source: InboundSource,
    folded: readonly FoldedContact[],
    news: ReadonlyMap<string, News>,
  ): Promise<BegunNews> {
    const place: MappedPlace = { ...placeOfHook(source), fields: source.fields };
    const linked = folded.filter(({ decision: { kind } }) => kind === 'archive' || kind === 'apply');
    const contacts = await this.localSide.lockAll(
      manager,
      place,
      linked.flatMap(({ link }) => link?.contactId ?? []),
    );
    const newcomers: News[] = [];
    const known: News[] = [];
    for (const { ghlContactId, link } of folded) {
      const its = news.get(ghlContactId);
      if (its) (link ? known : newcomers).push(its);
    }
    const created = await this.localSide.createAll(manager, place, newcomers, known);
    return { place, contacts, newcomers, created };
  }

  /** The third step. */
  async finish(
    manager: EntityManager,
    source: InboundSource,
    folded: readonly FoldedContact[],
    news: ReadonlyMap<string, News>,
    { place, contacts, newcomers, created }: BegunNews,
  ): Promise<InboundResult[]> {
    const outcomes = new Map<string, Outcome>();
    const updates: InboundUpdate[] = [];
    const deletions: RemoteDeletion[] = [];
    for (const { ghlContactId, link, decision } of folded) {
      const contact = link && contacts.get(link.contactId);
      if (decision.kind === 'ignore') outcomes.set(ghlContactId, decision.reason);
      else if (decision.kind === 'nothing') outcomes.set(ghlContactId, 'unchanged');
      else if (decision.kind === 'remember') {
        const { deletedAt } = decision;
        if (deletedAt) deletions.push({ ghlContactId, deletedAt });
        outcomes.set(ghlContactId, 'unknown_contact');
      } else if (link && !contact) outcomes.set(ghlContactId, 'deleted_in_deskflow');
      else if (decision.kind === 'archive') {
        if (link && contact) await this.archive(manager, link, contact, decision.at);
        outcomes.set(ghlContactId, 'applied');
      } else {
        const its = news.get(ghlContactId);
        if (its && link && contact) updates.push({ link, contact, news: its });
      }
    }
    const updated = await this.updates.apply(manager, source, place, updates);
    const connected = await this.connects.apply(manager, source, place, newcomers, created);
    await this.deletions.remember(manager, place, deletions);
    await this.settleOvertaken(manager, source, place, folded);
    const results: InboundResult[] = [];
    for (const { ghlContactId, stale, current } of folded) {
      const outcome =
        outcomes.get(ghlContactId) ?? updated.get(ghlContactId) ?? connected.get(ghlContactId) ?? 'applied';
      for (const { id } of stale) results.push({ id, outcome: 'stale' });
      for (const { id } of current) results.push(result(id, outcome));
    }
    return results;
  }

  /** After the news, which may have changed the same fields once more. */
  private async settleOvertaken(
    manager: EntityManager,
    source: InboundSource,
    place: MappedPlace,
    folded: readonly FoldedContact[],
  ): Promise<void> {
    const late = new Map(
      folded
        .filter(({ link, stale }) => lostOf(source, link, stale).length > 0)
        .map((one) => [one.ghlContactId, one]),
    );
    if (late.size === 0) return;
    const links = await this.links.ofRemotes(manager, place, [...late.keys()]);
    const contacts = await this.localSide.lockAll(
      manager,
      place,
      links.map(({ contactId }) => contactId),
    );
    const overtaken = links.flatMap((link): Overtaken[] => {
      const contact = contacts.get(link.contactId);
      const lost = lostOf(source, link, late.get(link.ghlContactId)?.stale ?? []);
      return contact && lost.length > 0 ? [{ link, contact, lost }] : [];
    });
    await this.overtakenChanges.apply(manager, source, place, overtaken);
  }

  private async archive(
    manager: EntityManager,
    link: ContactLink,
    contact: Contact,
    at: Date | null,
  ): Promise<void> {
    const deletedAt = at ?? new Date();
    await this.localSide.archive(manager, contact, deletedAt);
    await this.links.markRemoteDeleted(manager, link, deletedAt);
  }
}

/** Events of a contact that has no link, or of one that was not pushed lately, have lost nothing. */
function lostOf(
  { fields, country }: InboundSource,
  link: ContactLink | undefined,
  stale: readonly InboundContactEvent[],
): WrittenOver[] {
  return link?.pushes && stale.length > 0 ? writtenOver(link, stale, fields, country) : [];
}

function result(id: number, outcome: Outcome): InboundResult {
  return outcome === 'created' || outcome === 'applied' || outcome === 'unchanged'
    ? { id, outcome }
    : { id, outcome: 'ignored', reason: outcome };
}
