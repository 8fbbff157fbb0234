import { Injectable } from '@nestjs/common';
import { retriedTransaction } from '#libs/contacts';
import { type Contact, type ContactLink, type DeletionChoice, type Hook } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { DataSource, type EntityManager } from 'typeorm';
import { type FieldChanges, readSnapshot, withChanges } from './canonical-contact.js';
import { ContactLinks, type Place, placeOfHook } from './contact-links.js';
import { parseDate } from './fold-events.js';
import { LocalSide } from './local-side.js';
import { merge } from './merge.js';
import { Outbox, type OutboundWork } from './outbox.js';
import { overlay } from './remote-contact.js';
import { markOrigin } from './sync-origin.js';

/** A push that HighLevel took. */
export interface Pushed {
  readonly ghlContactId: string;
  readonly sent: FieldChanges;
  /** What HighLevel answered, with the tags that the tag calls left; nothing else when only those were made. */
  readonly answer: HighLevelContact | undefined;
  readonly tags: readonly string[] | undefined;
  /** The link as it was when the push was planned. */
  readonly link: ContactLink | undefined;
  readonly country: string | null;
}

/** What has become of HighLevel's contact, as a reason of the outbox row. */
const LEFT: Readonly<Record<DeletionChoice, string>> = {
  leave: 'left_in_highlevel',
  archive: 'archived_in_highlevel',
  delete: 'removed_from_highlevel',
};

/** The link moved on while only tags were pushed, and nothing tells which came first: plan again. */
export class PlanOutdated extends Error {
  constructor() {
    super('The contact changed while it was pushed');
    this.name = 'PlanOutdated';
  }
}

/** Writes down what a push has led to: link, snapshot and outbox rows in one transaction. */
@Injectable()
export class PushCompletion {
  constructor(
    private readonly database: DataSource,
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly outbox: Outbox,
  ) {}

  /**
   * @throws LeaseLost, PlanOutdated: nothing is written, and pushing again does no harm
   */
  async pushed(hook: Hook, work: OutboundWork, pushed: Pushed): Promise<void> {
    const place = placeOfHook(hook);
    await retriedTransaction(this.database, async (manager) => {
      await markOrigin(manager, hook.id);
      await this.links.lock(manager, place, [
        pushed.ghlContactId,
        ...(pushed.link ? [pushed.link.ghlContactId] : []),
      ]);
      const contact = await this.localSide.lock(manager, place, work.contactId);
      if (!contact) return this.leaveOrphan(manager, hook, work, pushed);
      const link = await this.links.ofContact(manager, place, contact.id);
      if (!(await this.mayLink(manager, place, contact, link, pushed))) {
        return this.outbox.finish(manager, work, 'ignored', 'linked_to_another_contact');
      }
      if (!isOvertaken(link, pushed)) await this.agree(manager, place, contact, link, pushed);
      await this.outbox.finish(manager, work, 'done', null);
    });
  }

  /** HighLevel does not know the contact any more. It stays in DeskFlow, and is not sent again. */
  async missing(hook: Hook, work: OutboundWork, link: ContactLink): Promise<void> {
    await retriedTransaction(this.database, async (manager) => {
      await this.links.lock(manager, placeOfHook(hook), [link.ghlContactId]);
      await this.links.markRemoteDeleted(manager, link, new Date());
      await this.outbox.finish(manager, work, 'ignored', 'deleted_in_highlevel');
    });
  }

  /** Deleted in DeskFlow: events of HighLevel's contact do not bring ours back. */
  async left(hook: Hook, work: OutboundWork, link: ContactLink, onDelete: DeletionChoice): Promise<void> {
    await retriedTransaction(this.database, async (manager) => {
      await this.links.lock(manager, placeOfHook(hook), [link.ghlContactId]);
      await this.links.markLocalDeleted(manager, link);
      await this.outbox.finish(manager, work, 'done', LEFT[onDelete]);
    });
  }

  /** Deleted in DeskFlow while it was pushed: as `left`, or HighLevel's event about it would bring it back. */
  private async leaveOrphan(
    manager: EntityManager,
    hook: Hook,
    work: OutboundWork,
    { ghlContactId }: Pushed,
  ): Promise<void> {
    const place = placeOfHook(hook);
    if (!(await this.links.ofRemote(manager, place, ghlContactId))) {
      const { contactId } = work;
      const agreement = { contactId, ghlContactId, snapshot: {}, remoteVersion: null };
      await this.links.agree(manager, place, [agreement]);
    }
    const link = await this.links.ofContact(manager, place, work.contactId);
    if (link) await this.links.markLocalDeleted(manager, link);
    await this.outbox.finish(manager, work, 'ignored', 'deleted_in_deskflow');
  }

  /** One to one: neither side may have got another partner in the meantime. A deleted partner does not count. */
  private async mayLink(
    manager: EntityManager,
    place: Place,
    contact: Contact,
    link: ContactLink | undefined,
    pushed: Pushed,
  ): Promise<boolean> {
    const isKnownLink = !link || [pushed.ghlContactId, pushed.link?.ghlContactId].includes(link.ghlContactId);
    if (!isKnownLink && !link.remoteDeletedAt) return false;
    const other = await this.links.ofRemote(manager, place, pushed.ghlContactId);
    if (!other || other.contactId === contact.id) return true;
    if (!other.remoteDeletedAt && !other.localDeletedAt) return false;
    await this.links.remove(manager, other);
    return true;
  }

  /**
   * What HighLevel made of our values is its state now, other people's changes included. Had the contact changed here
   * since it was planned, its newer value stays; the trigger has made another row for it.
   */
  private async agree(
    manager: EntityManager,
    place: Place,
    contact: Contact,
    link: ContactLink | undefined,
    pushed: Pushed,
  ): Promise<void> {
    const { ghlContactId, sent, answer, tags, country } = pushed;
    const isSamePair = link?.ghlContactId === ghlContactId;
    const known = isSamePair ? readSnapshot(link.snapshot) : {};
    const said = { ...(answer ?? { id: ghlContactId }), ...(tags && { tags: [...tags] }) };
    const remote = overlay(withChanges(known, sent), said, country);
    // What was sent is agreed, unless an event has come between and written its own value over ours.
    const base = hasMoved(link, pushed) ? known : withChanges(known, sent);
    const merged = merge(base, await this.localSide.read(manager, contact, base), remote, 'local');
    const newId = isSamePair ? undefined : { ghlContactId, previous: link?.ghlContactId };
    await this.localSide.write(manager, place, { contact, merge: merged, newId });
    const versions = [answeredAt(pushed), isSamePair ? link.remoteVersion : null];
    const times = versions.flatMap((version) => version?.getTime() ?? []);
    const remoteVersion = times.length === 0 ? null : new Date(Math.max(...times));
    const agreement = { contactId: contact.id, ghlContactId, snapshot: remote, remoteVersion };
    await this.links.agree(manager, place, [agreement]);
  }
}

/**
 * An event later than our push was applied before this: the link holds HighLevel's newer state already.
 * @throws PlanOutdated when there is no date to compare
 */
function isOvertaken(link: ContactLink | undefined, pushed: Pushed): boolean {
  if (!link || !hasMoved(link, pushed) || link.ghlContactId !== pushed.ghlContactId) return false;
  const at = answeredAt(pushed);
  if (!at) throw new PlanOutdated();
  return link.remoteVersion !== null && link.remoteVersion >= at;
}

function hasMoved(link: ContactLink | undefined, pushed: Pushed): boolean {
  return link?.updatedAt.getTime() !== pushed.link?.updatedAt.getTime();
}

function answeredAt({ answer }: Pushed): Date | null {
  return parseDate(answer?.dateUpdated);
}
