import { Injectable } from '@nestjs/common';
import { ContactLabels, ContactStore } from '#libs/contacts';
import { type Contact, type ContactLink, type DeletionChoice, type Hook } from '#libs/database';
import { Conflict } from '#libs/errors';
import { type HighLevelApi, type HighLevelContact, HighLevelError } from '#libs/highlevel';
import { text } from '#libs/i18n';
import { HighLevelClients } from '#libs/integrations';
import { GroupCommit } from '#libs/queue';
import { DataSource } from 'typeorm';
import { type ContactFields, type FieldName, fieldNames, readSnapshot } from './canonical-contact.js';
import { ContactLinks, placeOfHook } from './contact-links.js';
import { ContactMerges } from './contact-merges.js';
import { FieldMaps, type MappedPlace } from './field-maps.js';
import { localFields } from './local-contact.js';
import { type Ending, Outbox, type OutboundWork } from './outbox.js';
import { type Completion, PushCompletion, type Pushed, type Unchanged } from './push-completion.js';
import { isEmptyPatch, isNothing, planCreate, planUpdate, type UpdatePlan } from './push-plan.js';
import { SyncChoices } from './sync-choices.js';

/** On contacts of HighLevel whose DeskFlow contact was deleted, where the account archives them. */
export const ARCHIVE_TAG = 'deleted in deskflow';

/** A contact to push, as it is now. */
interface Subject {
  readonly work: OutboundWork;
  /** Undefined when it was deleted. */
  readonly contact: Contact | undefined;
  readonly link: ContactLink | undefined;
  readonly labels: readonly string[];
  /** Fields that belong to another location. */
  readonly foreign: ReadonlySet<FieldName>;
}

/** A subject that there is. */
interface Present extends Subject {
  readonly contact: Contact;
}

/** Contacts that are pushed side by side: read together, and what became of them written together. */
export interface PushBatch {
  readonly hook: Hook;
  readonly api: HighLevelApi;
  readonly place: MappedPlace;
  readonly subjects: ReadonlyMap<OutboundWork, Subject>;
  readonly completions: GroupCommit<Completion>;
  readonly unchanged: GroupCommit<Unchanged>;
}

type Answer = Pick<Pushed, 'ghlContactId' | 'sent' | 'answer' | 'tags'>;

/** HighLevel allows no second contact with this e-mail or phone, and the one it has is another DeskFlow contact's. */
export class DuplicateInHighLevel extends Conflict {
  constructor(ghlContactId: string | undefined) {
    const what = text('highlevel.duplicate_contact');
    super(ghlContactId === undefined ? what : text('failure.detailed', { what, detail: ghlContactId }));
  }
}

/** Brings the present state of DeskFlow's contacts to HighLevel. */
@Injectable()
export class ContactPusher {
  constructor(
    private readonly database: DataSource,
    private readonly clients: HighLevelClients,
    private readonly store: ContactStore,
    private readonly links: ContactLinks,
    private readonly labels: ContactLabels,
    private readonly outbox: Outbox,
    private readonly completion: PushCompletion,
    private readonly choices: SyncChoices,
    private readonly merges: ContactMerges,
    private readonly fieldMaps: FieldMaps,
  ) {}

  /**
   * Reads what is to be pushed, in as many statements for one contact as for many.
   * @param country that of the location
   */
  async open(hook: Hook, country: string | null, works: readonly OutboundWork[]): Promise<PushBatch> {
    const { manager } = this.database;
    const { accountId, referenceId } = hook;
    const ids = works.map(({ contactId }) => contactId);
    const [place, found, links, labels] = await Promise.all([
      this.fieldMaps.of(manager, placeOfHook(hook)),
      this.store.findAll(manager, accountId, ids),
      this.links.ofContacts(manager, accountId, ids),
      this.labels.ofAll(manager, ids),
    ]);
    const contacts = new Map(found.map((contact) => [contact.id, contact]));
    const subjects = works.map((work): [OutboundWork, Subject] => {
      const its = links.filter(({ contactId }) => contactId === work.contactId);
      const link = its.find(({ locationId }) => locationId === referenceId);
      const foreign = foreignFields(
        its.filter((other) => other !== link),
        link,
      );
      const contact = contacts.get(work.contactId);
      return [work, { work, contact, link, labels: labels.get(work.contactId) ?? [], foreign }];
    });
    const bounds = { isItemsFault: () => true, maxItems: works.length };
    return {
      hook,
      api: this.clients.forHook(hook),
      place,
      subjects: new Map(subjects),
      completions: new GroupCommit<Completion>({
        write: (group) => this.completion.complete(hook, place, country, group),
        ...bounds,
      }),
      unchanged: new GroupCommit<Unchanged>({
        write: (group) => this.completion.unchanged(hook, group),
        ...bounds,
      }),
    };
  }

  /**
   * Sends what differs from the snapshot and ends the work; without a difference nothing is sent.
   * Throws what the API client throws, LeaseLost, PlanOutdated and DuplicateInHighLevel; the work is then still open.
   * @param work one of the batch's
   */
  async push(batch: PushBatch, work: OutboundWork): Promise<void> {
    const subject = batch.subjects.get(work);
    if (!subject) throw new Error('The work is not of this batch');
    const { contact, link } = subject;
    if (link?.unlinkedAt) return this.end(work, { state: 'ignored', reason: 'unlinked' });
    if (!contact) {
      if (link) return this.follow(batch, work, link);
      return this.end(work, { state: 'ignored', reason: 'deleted_in_deskflow' });
    }
    if (link?.remoteDeletedAt) return this.end(work, { state: 'ignored', reason: 'deleted_in_highlevel' });
    const present = { ...subject, contact };
    return link ? this.update(batch, present, link) : this.create(batch, present);
  }

  private async end(work: OutboundWork, ending: Ending): Promise<void> {
    await this.outbox.finish(this.database.manager, work, ending);
  }

  /** The contact was deleted here: HighLevel's goes the way the account has chosen. */
  private async follow({ hook, api }: PushBatch, work: OutboundWork, link: ContactLink): Promise<void> {
    const merge = await this.merges.find(this.database.manager, link, work.rowIds);
    if (merge) return this.completion.merged(hook, work, link, merge);
    const { onDelete } = await this.choices.of(hook.accountId);
    if (!link.remoteDeletedAt) await this.carryOut(onDelete, api, link.ghlContactId);
    await this.completion.left(hook, work, link, onDelete);
  }

  /** Doing it twice does no harm; what is gone already is as good. */
  private async carryOut(onDelete: DeletionChoice, api: HighLevelApi, ghlContactId: string): Promise<void> {
    try {
      if (onDelete === 'archive') await api.contacts.addTags(ghlContactId, [ARCHIVE_TAG]);
      if (onDelete === 'delete') await api.contacts.remove(ghlContactId);
    } catch (error) {
      if (!isKind(error, 'not_found')) throw error;
    }
  }

  private async update(batch: PushBatch, subject: Present, link: ContactLink): Promise<void> {
    const { work, foreign } = subject;
    const base = readSnapshot(link.snapshot);
    const plan = planUpdate(base, fieldsOf(batch, subject, base), foreign);
    if (isNothing(plan)) return batch.unchanged.add({ work, link });
    let answer: Answer;
    try {
      answer = await send(batch.api, link.ghlContactId, plan);
    } catch (error) {
      if (isKind(error, 'not_found')) return this.completion.missing(batch.hook, work, link);
      if (!isKind(error, 'duplicate_contact')) throw error;
      answer = await this.sendToDuplicate(batch, subject, error);
    }
    await batch.completions.add({ work, pushed: { ...answer, link } });
  }

  private async create(batch: PushBatch, subject: Present): Promise<void> {
    const { work, link, foreign } = subject;
    const plan = planCreate(fieldsOf(batch, subject, {}), foreign);
    if (!plan) return this.end(work, { state: 'ignored', reason: 'neither_email_nor_phone' });
    let answer: Answer;
    try {
      // Without tags: here they would replace those the contact may have already (HL 5.5).
      const { contact } = await batch.api.contacts.upsert(plan.contact);
      answer = {
        ghlContactId: contact.id,
        sent: plan.sent,
        answer: contact,
        tags: await tag(batch.api, contact, plan.addTags),
      };
    } catch (error) {
      if (!isKind(error, 'duplicate_contact')) throw error;
      answer = await this.sendToDuplicate(batch, subject, error);
    }
    await batch.completions.add({ work, pushed: { ...answer, link } });
  }

  /**
   * HighLevel says which contact this one is: that becomes its partner.
   * @throws DuplicateInHighLevel when that has a partner already, or when there is yet another duplicate
   */
  private async sendToDuplicate(
    batch: PushBatch,
    subject: Present,
    { contactId }: HighLevelError,
  ): Promise<Answer> {
    const { hook, api } = batch;
    const { contact, link, foreign } = subject;
    if (contactId === undefined || contactId === link?.ghlContactId)
      throw new DuplicateInHighLevel(contactId);
    const other = await this.links.ofRemote(this.database.manager, placeOfHook(hook), contactId);
    const isTaken =
      other && other.contactId !== contact.id && !other.localDeletedAt && !other.remoteDeletedAt;
    if (isTaken) throw new DuplicateInHighLevel(contactId);
    try {
      return await send(api, contactId, planUpdate({}, fieldsOf(batch, subject, {}), foreign));
    } catch (error) {
      throw isKind(error, 'duplicate_contact') ? new DuplicateInHighLevel(error.contactId) : error;
    }
  }
}

function fieldsOf({ place }: PushBatch, { contact, labels }: Present, base: ContactFields): ContactFields {
  return localFields(contact, labels, base, place.fields);
}

/** `PUT` for values, the tag calls for tags: tags in a `PUT` would replace all (HL 5.10). */
async function send(api: HighLevelApi, ghlContactId: string, plan: UpdatePlan): Promise<Answer> {
  const answer = isEmptyPatch(plan.patch) ? undefined : await api.contacts.update(ghlContactId, plan.patch);
  let tags: string[] | undefined;
  if (plan.addTags.length > 0) tags = await api.contacts.addTags(ghlContactId, plan.addTags);
  if (plan.removeTags.length > 0) tags = await api.contacts.removeTags(ghlContactId, plan.removeTags);
  return { ghlContactId, sent: plan.sent, answer, tags };
}

async function tag(
  api: HighLevelApi,
  contact: HighLevelContact,
  tags: readonly string[],
): Promise<string[] | undefined> {
  const has = new Set(contact.tags?.map((name) => name.toLowerCase()));
  const missing = tags.filter((name) => !has.has(name));
  return missing.length > 0 ? api.contacts.addTags(contact.id, missing) : undefined;
}

/** What the contact has from its other locations and not from this one. Ids of custom fields are a location's own. */
function foreignFields(
  elsewhere: readonly ContactLink[],
  link: ContactLink | undefined,
): ReadonlySet<FieldName> {
  const own = new Set(fieldNames(readSnapshot(link?.snapshot)));
  const others = fieldNames(...elsewhere.map(({ snapshot }) => readSnapshot(snapshot)));
  return new Set(others.filter((field) => field.startsWith('customFields.') && !own.has(field)));
}

function isKind(error: unknown, kind: HighLevelError['kind']): error is HighLevelError {
  return error instanceof HighLevelError && error.kind === kind;
}
