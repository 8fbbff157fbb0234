import { Injectable, Logger } from '@nestjs/common';
import { ContactLabels } from '#libs/contacts';
import { type Contact, type ContactLink } from '#libs/database';
import { isDeepStrictEqual } from 'node:util';
import { type EntityManager } from 'typeorm';
import { readSnapshot } from './canonical-contact.js';
import { type Agreement, ContactLinks, type Place } from './contact-links.js';
import { type InboundSource, type News, type Outcome } from './inbound-news.js';
import { localFields } from './local-contact.js';
import { LocalSide, type LocalWrite } from './local-side.js';
import { merge, type Merge } from './merge.js';

/** News of a linked contact. */
export interface InboundUpdate {
  readonly link: ContactLink;
  /** Its DeskFlow contact, locked. */
  readonly contact: Contact;
  readonly news: News;
}

/** Brings news of linked contacts to DeskFlow: as many as there are, in a handful of statements. */
@Injectable()
export class InboundUpdates {
  private readonly logger = new Logger(InboundUpdates.name);

  constructor(
    private readonly labels: ContactLabels,
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
  ) {}

  /** @returns what became of each, by HighLevel's contact id */
  async apply(
    manager: EntityManager,
    source: InboundSource,
    place: Place,
    updates: readonly InboundUpdate[],
  ): Promise<ReadonlyMap<string, Outcome>> {
    if (updates.length === 0) return new Map();
    const labels = await this.labels.ofAll(
      manager,
      updates.map(({ contact }) => contact.id),
    );
    const writes: LocalWrite[] = [];
    const agreements: Agreement[] = [];
    for (const { link, contact: found, news } of updates) {
      const contact = news.revives ? await this.localSide.restore(manager, found) : found;
      const base = readSnapshot(link.snapshot);
      const local = localFields(contact, labels.get(contact.id) ?? [], base);
      const merged = merge(base, local, news.fields, 'remote');
      this.tellConflicts(source, contact, merged);
      writes.push({ contact, merge: merged });
      if (isNewAgreement(link, base, news)) agreements.push(agreementOf(link, news));
    }
    const written = await this.localSide.writeAll(manager, place, writes);
    await this.links.agree(manager, place, agreements);
    return new Map(
      updates.map(({ link, contact, news }) => [
        link.ghlContactId,
        written.has(contact.id) || news.revives ? 'applied' : 'unchanged',
      ]),
    );
  }

  private tellConflicts({ accountId, id: hookId }: InboundSource, contact: Contact, merged: Merge): void {
    if (merged.conflicts.length === 0) return;
    this.logger.log({
      msg: 'DeskFlow and HighLevel changed the same fields of a contact; HighLevel wins',
      accountId,
      hookId,
      contactId: contact.id,
      fields: merged.conflicts.map(({ field }) => field),
    });
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
