import { Injectable, Logger } from '@nestjs/common';
import { type ContactLink } from '#libs/database';
import { isDeepStrictEqual } from 'node:util';
import { type EntityManager } from 'typeorm';
import { readSnapshot } from './canonical-contact.js';
import { ContactLinks, type Place, placeOfHook } from './contact-links.js';
import { foldEvents, latestVersion, type RemoteState, stateAfter } from './fold-events.js';
import {
  type FetchedContact,
  type IgnoredReason,
  type InboundContactEvent,
  type InboundResult,
} from './inbound-event.js';
import { LocalSide } from './local-side.js';
import { merge } from './merge.js';
import { Outbox } from './outbox.js';
import { isNothing, planUpdate } from './push-plan.js';
import { remoteFields } from './remote-contact.js';

/** Whose events are applied. */
export interface InboundSource {
  readonly id: number;
  readonly accountId: number;
  readonly referenceId: string | null;
  /** That of the location: two letters. */
  readonly country: string | null;
}

type Outcome = 'applied' | 'unchanged' | IgnoredReason;

interface News extends RemoteState {
  /** When HighLevel's side was like that; null when that is not known. */
  readonly version: Date | null;
  /** The contact was deleted in HighLevel and is back. */
  readonly revives: boolean;
}

/** Applies what HighLevel says about one of its contacts to DeskFlow. Everything runs in the caller's transaction. */
@Injectable()
export class InboundContact {
  private readonly logger = new Logger(InboundContact.name);

  constructor(
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly outbox: Outbox,
  ) {}

  /** @param events all of this contact, in any order */
  async apply(
    manager: EntityManager,
    source: InboundSource,
    ghlContactId: string,
    events: readonly InboundContactEvent[],
    fetched: FetchedContact | undefined,
  ): Promise<InboundResult[]> {
    const place = placeOfHook(source);
    await this.links.lock(manager, place, ghlContactId);
    const link = await this.links.ofRemote(manager, place, ghlContactId);
    const { stale, current, decision } = foldEvents(events, link);
    let outcome: Outcome = 'unchanged';
    if (decision.kind === 'ignore') outcome = decision.reason;
    if (decision.kind === 'archive' && link) outcome = await this.archive(manager, link, decision.at);
    if (decision.kind === 'apply') {
      const news = readNews(decision, source, link, fetched);
      outcome = link
        ? await this.update(manager, source, link, news)
        : await this.connect(manager, source, ghlContactId, news);
    }
    return [
      ...stale.map(({ id }) => ({ id, outcome: 'stale' }) as const),
      ...current.map(({ id }) => result(id, outcome)),
    ];
  }

  private async archive(manager: EntityManager, link: ContactLink, at: Date | null): Promise<Outcome> {
    const contact = await this.localSide.lock(manager, placeOfLink(link), link.contactId);
    if (!contact) return 'deleted_in_deskflow';
    const deletedAt = at ?? new Date();
    await this.localSide.archive(manager, contact, deletedAt);
    await this.links.markRemoteDeleted(manager, link, deletedAt);
    return 'applied';
  }

  private async update(
    manager: EntityManager,
    source: InboundSource,
    link: ContactLink,
    { fields, version, revives }: News,
  ): Promise<Outcome> {
    const place = placeOfLink(link);
    const found = await this.localSide.lock(manager, place, link.contactId);
    if (!found) return 'deleted_in_deskflow';
    const contact = revives ? await this.localSide.restore(manager, found) : found;
    const base = readSnapshot(link.snapshot);
    const merged = merge(base, await this.localSide.read(manager, contact, base), fields, 'remote');
    if (merged.conflicts.length > 0) {
      this.logger.log({
        msg: 'DeskFlow and HighLevel changed the same fields of a contact; HighLevel wins',
        accountId: source.accountId,
        hookId: source.id,
        contactId: contact.id,
        fields: merged.conflicts.map(({ field }) => field),
      });
    }
    const isWritten = await this.localSide.write(manager, place, contact, merged, undefined);
    if (revives || !isDeepStrictEqual(base, fields) || version?.getTime() !== link.remoteVersion?.getTime()) {
      const { contactId, ghlContactId } = link;
      await this.links.agree(manager, place, {
        contactId,
        ghlContactId,
        snapshot: fields,
        remoteVersion: version,
      });
    }
    return isWritten || revives ? 'applied' : 'unchanged';
  }

  /** First sight of a contact: it is one DeskFlow knows, or a new one. */
  private async connect(
    manager: EntityManager,
    source: InboundSource,
    ghlContactId: string,
    { fields, version }: News,
  ): Promise<Outcome> {
    const place = placeOfHook(source);
    const match = await this.localSide.matchOrCreate(manager, place, ghlContactId, fields);
    if (!match.isNew) {
      const previous = (await this.links.ofContact(manager, place, match.contact.id))?.ghlContactId;
      const contact = await this.localSide.restore(manager, match.contact);
      const merged = merge({}, await this.localSide.read(manager, contact, {}), fields, 'remote');
      await this.localSide.write(manager, place, contact, merged, { ghlContactId, previous });
      // What only DeskFlow knows has to travel, and our own writes are not captured.
      const isNewsForHighLevel = !isNothing(planUpdate(fields, merged.merged, new Set()));
      if (isNewsForHighLevel) await this.outbox.enqueue(manager, source, contact.id, ghlContactId);
    }
    const contactId = match.contact.id;
    await this.links.agree(manager, place, {
      contactId,
      ghlContactId,
      snapshot: fields,
      remoteVersion: version,
    });
    return 'applied';
  }
}

/** What was fetched is the whole truth, unless the link has moved on since. */
function readNews(
  { events, revives }: { events: readonly InboundContactEvent[]; revives: boolean },
  { country }: InboundSource,
  link: ContactLink | undefined,
  fetched: FetchedContact | undefined,
): News {
  const isCurrent = fetched !== undefined && fetched.linkVersion === link?.updatedAt.getTime();
  const state = isCurrent
    ? { fields: remoteFields(fetched.contact, country), isComplete: true }
    : stateAfter(events, link, country);
  const before = link?.remoteVersion ?? null;
  // A later date would make the event stale that brings what is missing here.
  const version = state.isComplete
    ? latestVersion(events, isCurrent ? fetched.contact : undefined, before)
    : before;
  return { ...state, version, revives };
}

function placeOfLink({ accountId, locationId }: ContactLink): Place {
  return { accountId, locationId };
}

function result(id: number, outcome: Outcome): InboundResult {
  return outcome === 'applied' || outcome === 'unchanged'
    ? { id, outcome }
    : { id, outcome: 'ignored', reason: outcome };
}
