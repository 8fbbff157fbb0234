import { Injectable } from '@nestjs/common';
import { ContactLabels } from '#libs/contacts';
import { type Contact, type ContactLink } from '#libs/database';
import { isDeepStrictEqual } from 'node:util';
import { type EntityManager } from 'typeorm';
import { type ContactFields, readSnapshot } from './canonical-contact.js';
import { Conflicts, type Settled, winnerBy } from './conflicts.js';
import { type Agreement, ContactLinks } from './contact-links.js';
import { type MappedPlace } from './field-maps.js';
import { type InboundSource, type News, type Outcome } from './inbound-news.js';
import { localFields } from './local-contact.js';
import { LocalSide, type LocalWrite } from './local-side.js';
import { merge, type Merge } from './merge.js';
import { Outbox } from './outbox.js';

/** News of a linked contact. */
export interface InboundUpdate {
  readonly link: ContactLink;
  /** Its DeskFlow contact, locked. */
  readonly contact: Contact;
  readonly news: News;
}

/** An update with the three states it is merged from. */
interface Comparison extends InboundUpdate {
  readonly base: ContactFields;
  readonly local: ContactFields;
  /** As if HighLevel won every conflict. */
  readonly merge: Merge;
}

const NOTHING_SETTLED: ReadonlyMap<number, Merge> = new Map();

/** Brings news of linked contacts to DeskFlow: as many as there are, in a handful of statements. */
@Injectable()
export class InboundUpdates {
  constructor(
    private readonly labels: ContactLabels,
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly conflicts: Conflicts,
    private readonly outbox: Outbox,
  ) {}

  /** @returns what became of each, by HighLevel's contact id */
  async apply(
    manager: EntityManager,
    source: InboundSource,
    place: MappedPlace,
    updates: readonly InboundUpdate[],
  ): Promise<ReadonlyMap<string, Outcome>> {
    if (updates.length === 0) return new Map();
    const comparisons = await this.compare(manager, place, updates);
    const disputed = comparisons.filter(({ merge: { conflicts } }) => conflicts.length > 0);
    const settled =
      disputed.length > 0 ? await this.settle(manager, source, place, disputed) : NOTHING_SETTLED;
    const writes = comparisons.map(({ contact, merge: itsMerge }): LocalWrite => ({
      contact,
      merge: settled.get(contact.id) ?? itsMerge,
    }));
    const agreements = comparisons
      .filter(({ link, base, news }) => isNewAgreement(link, base, news))
      .map(({ link, news }) => agreementOf(link, news));
    const written = await this.localSide.writeAll(manager, place, writes);
    await this.links.agree(manager, place, 'in', agreements);
    return new Map(
      comparisons.map(({ link, contact, news }) => [
        link.ghlContactId,
        written.has(contact.id) || news.revives ? 'applied' : 'unchanged',
      ]),
    );
  }

  private async compare(
    manager: EntityManager,
    { fields }: MappedPlace,
    updates: readonly InboundUpdate[],
  ): Promise<Comparison[]> {
    const labels = await this.labels.ofAll(
      manager,
      updates.map(({ contact }) => contact.id),
    );
    const comparisons: Comparison[] = [];
    for (const update of updates) {
      const { link, news } = update;
      const contact = news.revives ? await this.localSide.restore(manager, update.contact) : update.contact;
      const base = readSnapshot(link.snapshot);
      const local = localFields(contact, labels.get(contact.id) ?? [], base, fields);
      const itsMerge = merge(base, local, news.fields, 'remote');
      comparisons.push({ ...update, contact, base, local, merge: itsMerge });
    }
    return comparisons;
  }

  /**
   * Conflicts are rare: who changed what, and when, is asked only where there are any.
   * @returns merges by contact id
   */
  private async settle(
    manager: EntityManager,
    source: InboundSource,
    place: MappedPlace,
    disputed: readonly Comparison[],
  ): Promise<ReadonlyMap<number, Merge>> {
    const { conflictPolicy } = source.choices;
    const ids = disputed.map(({ contact }) => contact.id);
    const changedAt = await this.conflicts.changedAt(manager, source.id, ids);
    const merges = new Map<number, Merge>();
    const settled: Settled[] = [];
    for (const { contact, link, base, local, news } of disputed) {
      const { id: contactId } = contact;
      const { ghlContactId } = link;
      const localAt = changedAt.get(contactId) ?? null;
      const remoteAt = news.version;
      const winner = winnerBy(conflictPolicy, localAt, remoteAt);
      const itsMerge = merge(base, local, news.fields, winner);
      merges.set(contactId, itsMerge);
      settled.push({ contactId, ghlContactId, conflicts: itsMerge.conflicts, localAt, remoteAt });
      // The row that would send it may have failed for good.
      if (winner === 'local') await this.outbox.enqueue(manager, source, contactId, ghlContactId);
    }
    await this.conflicts.record(manager, place, conflictPolicy, settled);
    return merges;
  }
}

function isNewAgreement(
  link: ContactLink,
  base: ReturnType<typeof readSnapshot>,
  { revives, fields, version }: News,
): boolean {
  return revives || !isDeepStrictEqual(base, fields) || version?.getTime() !== link.remoteVersion?.getTime();
}

function agreementOf({ contactId, ghlContactId }: ContactLink, { fields, version }: News): Agreement {
  return { contactId, ghlContactId, snapshot: fields, remoteVersion: version };
}
