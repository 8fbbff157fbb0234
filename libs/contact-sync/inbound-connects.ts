import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { AmbiguousMatches } from './ambiguous-matches.js';
import { Conflicts, winnerBy } from './conflicts.js';
import { type Agreement, ContactLinks } from './contact-links.js';
import { type MappedPlace } from './field-maps.js';
import { type InboundSource, type News, type Outcome } from './inbound-news.js';
import { type Created, LocalSide } from './local-side.js';
import { merge } from './merge.js';
import { Outbox } from './outbox.js';
import { isNothing, planUpdate } from './push-plan.js';

/** First sight of contacts of HighLevel: each is one DeskFlow knows, or a new one. */
@Injectable()
export class InboundConnects {
  constructor(
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly outbox: Outbox,
    private readonly conflicts: Conflicts,
    private readonly ambiguous: AmbiguousMatches,
  ) {}

  /**
   * Nearly all are new: those in a handful of statements. Who may be somebody DeskFlow knows is looked at alone.
   * @param created what `LocalSide.createAll` has made of them
   * @returns what became of each, by HighLevel's contact id
   */
  async apply(
    manager: EntityManager,
    source: InboundSource,
    place: MappedPlace,
    news: readonly News[],
    created: ReadonlyMap<string, Created>,
  ): Promise<ReadonlyMap<string, Outcome>> {
    if (news.length === 0) return new Map();
    const outcomes = new Map<string, Outcome>();
    const agreements: Agreement[] = [];
    const others: News[] = [];
    for (const its of news) {
      const { ghlContactId, fields, version } = its;
      const contactId = created.get(ghlContactId)?.contactId;
      if (contactId === undefined) others.push(its);
      else {
        outcomes.set(ghlContactId, 'created');
        agreements.push({ contactId, ghlContactId, snapshot: fields, remoteVersion: version });
      }
    }
    await Promise.all([
      this.localSide.labelAll(manager, place, created.values()),
      this.links.agree(manager, place, 'in', agreements),
    ]);
    for (const its of others) outcomes.set(its.ghlContactId, await this.connect(manager, source, place, its));
    return outcomes;
  }

  private async connect(
    manager: EntityManager,
    source: InboundSource,
    place: MappedPlace,
    { ghlContactId, fields, version }: News,
  ): Promise<Outcome> {
    const match = await this.localSide.matchOrCreate(manager, place, ghlContactId, fields);
    if (match.kind === 'ambiguous') {
      await this.ambiguous.record(manager, place, ghlContactId, fields, match);
      return 'ambiguous_match';
    }
    const contactId = match.contact.id;
    if (match.kind === 'somebody') {
      const previous = (await this.links.ofContact(manager, place, contactId))?.ghlContactId;
      const contact = await this.localSide.restore(manager, match.contact);
      const { conflictPolicy } = source.choices;
      // Nobody has changed anything yet: as to time, HighLevel's news is what has just come.
      const winner = winnerBy(conflictPolicy, null, version);
      const merged = merge({}, await this.localSide.read(manager, place, contact, {}), fields, winner);
      await this.conflicts.record(manager, place, conflictPolicy, [
        { contactId, ghlContactId, conflicts: merged.conflicts, localAt: null, remoteAt: version },
      ]);
      await this.localSide.write(manager, place, {
        contact,
        merge: merged,
        newId: { ghlContactId, previous },
      });
      // What only DeskFlow knows has to travel, and our own writes are not captured.
      const isNewsForHighLevel = !isNothing(planUpdate(fields, merged.merged, new Set()));
      if (isNewsForHighLevel) await this.outbox.enqueue(manager, source, contactId, ghlContactId);
    }
    const agreement = { contactId, ghlContactId, snapshot: fields, remoteVersion: version };
    await this.links.agree(manager, place, 'in', [agreement]);
    return match.kind === 'created' ? 'created' : 'applied';
  }
}
