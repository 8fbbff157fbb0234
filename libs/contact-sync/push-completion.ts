import { Injectable } from '@nestjs/common';
import { ContactLabels, retriedTransaction } from '#libs/contacts';
import { type Contact, type ContactLink, type DeletionChoice, type Hook } from '#libs/database';
import { Conflict } from '#libs/errors';
import { type HighLevelContact } from '#libs/highlevel';
import { text } from '#libs/i18n';
import { DataSource, type EntityManager } from 'typeorm';
import { type FieldChanges, readSnapshot, withChanges } from './canonical-contact.js';
import { type Merge } from './contact-merges.js';
import { type Agreement, ContactLinks, type Place, placeOfHook } from './contact-links.js';
import { type MappedPlace } from './field-maps.js';
import { later, parseDate } from './fold-events.js';
import { localFields } from './local-contact.js';
import { LocalSide, type LocalWrite } from './local-side.js';
import { merge } from './merge.js';
import { type Ending, Outbox, type OutboundWork } from './outbox.js';
import { withTrace } from './push-trace.js';
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
}

/** A push that is to be written down. */
export interface Completion {
  readonly work: OutboundWork;
  readonly pushed: Pushed;
}

/** A push that had nothing to send. */
export interface Unchanged {
  readonly work: OutboundWork;
  readonly link: ContactLink;
}

/** Contacts, links and HighLevel's contacts of pushes, which nobody else changes until the transaction ends. */
interface Locked {
  readonly contacts: ReadonlyMap<number, Contact>;
  /** By DeskFlow's contact. */
  readonly links: ReadonlyMap<number, ContactLink>;
  /** By HighLevel's contact. */
  readonly others: ReadonlyMap<string, ContactLink>;
}

/** A push whose outcome is what both sides agree on. */
interface Agreed {
  readonly contact: Contact;
  readonly link: ContactLink | undefined;
  readonly pushed: Pushed;
  readonly changedAt: Date;
}

/** What has become of HighLevel's contact, as a reason of the outbox row. */
const LEFT: Readonly<Record<DeletionChoice, string>> = {
  leave: 'left_in_highlevel',
  archive: 'archived_in_highlevel',
  delete: 'removed_from_highlevel',
};

/** The link moved on while only tags were pushed, and nothing tells which came first: plan again. */
export class PlanOutdated extends Conflict {
  constructor() {
    super(text('failure.contact_changed'));
  }
}

/** Writes down what a push has led to: link, snapshot and outbox rows in one transaction. */
@Injectable()
export class PushCompletion {
  constructor(
    private readonly database: DataSource,
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly labels: ContactLabels,
    private readonly outbox: Outbox,
  ) {}

  /**
   * All of them, or none.
   * @param country that of the location
   * @throws LeaseLost, PlanOutdated: nothing is written, and pushing again does no harm
   */
  async complete(
    hook: Hook,
    place: MappedPlace,
    country: string | null,
    completions: readonly Completion[],
  ): Promise<void> {
    await retriedTransaction(this.database, async (manager) => {
      const [, now] = await Promise.all([
        markOrigin(manager, hook.id),
        this.lock(manager, place, completions),
      ]);
      const endings = new Map<OutboundWork, Ending>();
      const agreed: Agreed[] = [];
      for (const { work, pushed } of completions) {
        const contact = now.contacts.get(work.contactId);
        const link = now.links.get(work.contactId);
        if (!contact) {
          await this.leaveOrphan(manager, hook, work, pushed);
        } else if (!(await this.mayLink(manager, contact, link, pushed, now.others))) {
          endings.set(work, { state: 'ignored', reason: 'linked_to_another_contact' });
        } else {
          if (!isOvertaken(link, pushed)) agreed.push({ contact, link, pushed, changedAt: work.changedAt });
          endings.set(work, { state: 'done' });
        }
      }
      await this.agree(manager, place, country, agreed);
      await this.outbox.finishAll(manager, endings);
    });
  }

  /**
   * HighLevel has them like that already: all of them, or none.
   * @throws LeaseLost
   */
  async unchanged(hook: Hook, pushes: readonly Unchanged[]): Promise<void> {
    const links = pushes.map(({ link }) => link);
    const endings = pushes.map(({ work }): [OutboundWork, Ending] => [
      work,
      { state: 'done', reason: 'unchanged' },
    ]);
    await retriedTransaction(this.database, async (manager) => {
      await this.links.confirm(manager, hook.id, links);
      await this.outbox.finishAll(manager, new Map(endings));
    });
  }

  /** What is locked stays as it is read here: HighLevel's contacts first, as everywhere, then DeskFlow's. */
  private async lock(
    manager: EntityManager,
    place: Place,
    completions: readonly Completion[],
  ): Promise<Locked> {
    const contactIds = completions.map(({ work }) => work.contactId);
    const ghlContactIds = completions.map(({ pushed }) => pushed.ghlContactId);
    const before = completions.flatMap(({ pushed }) => pushed.link?.ghlContactId ?? []);
    const [, others] = await Promise.all([
      this.links.lock(manager, place, [...ghlContactIds, ...before]),
      this.links.ofRemotes(manager, place, ghlContactIds),
    ]);
    const contacts = await this.localSide.lockAll(manager, place, contactIds);
    const links = await this.links.ofContacts(manager, place.accountId, contactIds);
    return {
      contacts,
      links: new Map(
        links
          .filter(({ locationId }) => locationId === place.locationId)
          .map((link) => [link.contactId, link]),
      ),
      others: new Map(others.map((link) => [link.ghlContactId, link])),
    };
  }

  /** HighLevel does not know the contact any more. It stays in DeskFlow, and is not sent again. */
  async missing(hook: Hook, work: OutboundWork, link: ContactLink): Promise<void> {
    await retriedTransaction(this.database, async (manager) => {
      await this.links.lock(manager, placeOfHook(hook), [link.ghlContactId]);
      await this.links.markRemoteDeleted(manager, link, new Date());
      await this.outbox.finish(manager, work, { state: 'ignored', reason: 'deleted_in_highlevel' });
    });
  }

  /** Deleted in DeskFlow: events of HighLevel's contact do not bring ours back. */
  async left(hook: Hook, work: OutboundWork, link: ContactLink, onDelete: DeletionChoice): Promise<void> {
    await retriedTransaction(this.database, async (manager) => {
      await this.links.lock(manager, placeOfHook(hook), [link.ghlContactId]);
      await this.links.markLocalDeleted(manager, link);
      await this.outbox.finish(manager, work, { state: 'done', reason: LEFT[onDelete] });
    });
  }

  /**
   * Merged into another contact in DeskFlow: that has the partner from now on, unless it has one already. Then
   * HighLevel keeps both, as nobody was deleted.
   */
  async merged(hook: Hook, work: OutboundWork, link: ContactLink, { heirId }: Merge): Promise<void> {
    const place = placeOfHook(hook);
    await retriedTransaction(this.database, async (manager) => {
      await markOrigin(manager, hook.id);
      await this.links.lock(manager, place, [link.ghlContactId]);
      const heir = heirId === undefined ? undefined : await this.localSide.lock(manager, place, heirId);
      if (heir && !(await this.links.ofContact(manager, place, heir.id))) {
        await this.links.move(manager, link, heir.id);
        await this.localSide.showId(manager, place, heir, link.ghlContactId);
        await this.outbox.enqueue(manager, hook, heir.id, link.ghlContactId);
      } else {
        await this.links.markLocalDeleted(manager, link);
      }
      await this.outbox.finish(manager, work, { state: 'done', reason: 'merged_in_deskflow' });
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
      await this.links.agree(manager, place, 'out', [agreement]);
    }
    const link = await this.links.ofContact(manager, place, work.contactId);
    if (link) await this.links.markLocalDeleted(manager, link);
    await this.outbox.finish(manager, work, { state: 'ignored', reason: 'deleted_in_deskflow' });
  }

  /** One to one: neither side may have got another partner in the meantime. A deleted partner does not count. */
  private async mayLink(
    manager: EntityManager,
    contact: Contact,
    link: ContactLink | undefined,
    pushed: Pushed,
    others: Locked['others'],
  ): Promise<boolean> {
    const isKnownLink = !link || [pushed.ghlContactId, pushed.link?.ghlContactId].includes(link.ghlContactId);
    if (!isKnownLink && !link.remoteDeletedAt) return false;
    const other = others.get(pushed.ghlContactId);
    if (!other || other.contactId === contact.id) return true;
    if (!other.remoteDeletedAt && !other.localDeletedAt) return false;
    await this.links.remove(manager, other);
    return true;
  }

  /**
   * What HighLevel made of our values is its state now, other people's changes included. Had a contact changed here
   * since it was planned, its newer value stays; the trigger has made another row for it.
   */
  private async agree(
    manager: EntityManager,
    place: MappedPlace,
    country: string | null,
    agreed: readonly Agreed[],
  ): Promise<void> {
    if (agreed.length === 0) return;
    const labels = await this.labels.ofAll(
      manager,
      agreed.map(({ contact }) => contact.id),
    );
    const writes: LocalWrite[] = [];
    const agreements: Agreement[] = [];
    for (const { contact, link, pushed, changedAt } of agreed) {
      const { ghlContactId, sent, answer, tags } = pushed;
      const isSamePair = link?.ghlContactId === ghlContactId;
      const known = isSamePair ? readSnapshot(link.snapshot) : {};
      const said = { ...(answer ?? { id: ghlContactId }), ...(tags && { tags: [...tags] }) };
      const told = overlay(withChanges(known, sent), said, country);
      const remote = place.fields.heardOfRemote(told, withChanges(known, sent));
      // What was sent is agreed, unless an event has come between and written its own value over ours.
      const base = hasMoved(link, pushed) ? known : withChanges(known, sent);
      const local = localFields(contact, labels.get(contact.id) ?? [], base, place.fields);
      const newId = isSamePair ? undefined : { ghlContactId, previous: link?.ghlContactId };
      writes.push({ contact, merge: merge(base, local, remote, 'local'), newId });
      const remoteVersion = later(answeredAt(pushed), isSamePair ? link.remoteVersion : null);
      const at = answeredAt(pushed);
      const isTraced = isSamePair && pushed.link !== undefined && at !== null;
      const pushes = isTraced ? withTrace(link, pushed.link, sent, at, changedAt) : undefined;
      agreements.push({ contactId: contact.id, ghlContactId, snapshot: remote, remoteVersion, pushes });
    }
    await this.localSide.writeAll(manager, place, writes);
    await this.links.agree(manager, place, 'out', agreements);
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
