import { Injectable } from '@nestjs/common';
import { type Contact, type ContactLink } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { present, readSnapshot } from './canonical-contact.js';
import { Conflicts, winnerBy } from './conflicts.js';
import { ContactLinks } from './contact-links.js';
import { type MappedPlace } from './field-maps.js';
import { type InboundSource } from './inbound-news.js';
import { LocalSide } from './local-side.js';
import { type Conflict } from './merge.js';
import { Outbox } from './outbox.js';
import { withoutFields, type WrittenOver } from './push-trace.js';

/** A linked contact of which HighLevel tells late what a push has written over. */
export interface Overtaken {
  readonly link: ContactLink;
  /** Locked. */
  readonly contact: Contact;
  readonly lost: readonly WrittenOver[];
}

/** Settles conflicts that were not known when a push wrote over one side of them. They are rare. */
@Injectable()
export class OvertakenChanges {
  constructor(
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly conflicts: Conflicts,
    private readonly outbox: Outbox,
  ) {}

  /** Where HighLevel's value wins, it is written here and sent back to where it was. */
  async apply(
    manager: EntityManager,
    source: InboundSource,
    place: MappedPlace,
    overtaken: readonly Overtaken[],
  ): Promise<void> {
    const { conflictPolicy } = source.choices;
    for (const { link, contact, lost } of overtaken) {
      const settled = lost.map(({ field, base, sent, told, changedAt, toldAt }) => {
        const kept = winnerBy(conflictPolicy, changedAt, toldAt);
        return {
          conflict: { field, base, local: sent, remote: told, kept } satisfies Conflict,
          changedAt,
          toldAt,
        };
      });
      const restored = settled.flatMap(({ conflict }) => (conflict.kept === 'remote' ? conflict : []));
      if (restored.length > 0) {
        const current = await this.localSide.read(manager, place, contact, readSnapshot(link.snapshot));
        const told = Object.fromEntries(restored.map(({ field, remote }) => [field, remote]));
        const forLocal = restored.map(({ field }) => field);
        const merged = present({ ...current, ...told });
        const merge = { merged, conflicts: [], forLocal, forRemote: forLocal };
        await this.localSide.write(manager, place, { contact, merge });
        await this.outbox.enqueue(manager, source, contact.id, link.ghlContactId);
      }
      const fields = lost.map(({ field }) => field);
      await this.links.keepTraces(manager, link, withoutFields(link, fields));
      await this.conflicts.record(
        manager,
        place,
        conflictPolicy,
        settled.map(({ conflict, changedAt, toldAt }) => ({
          contactId: contact.id,
          ghlContactId: link.ghlContactId,
          conflicts: [conflict],
          localAt: changedAt,
          remoteAt: toldAt,
        })),
      );
    }
  }
}
