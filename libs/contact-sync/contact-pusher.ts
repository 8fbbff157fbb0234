import { Injectable } from '@nestjs/common';
import { ContactStore } from '#libs/contacts';
import { Connection, type Contact, type ContactLink, type DeletionChoice, type Hook } from '#libs/database';
import { type HighLevelApi, type HighLevelContact, HighLevelError } from '#libs/highlevel';
import { HighLevelClients } from '#libs/integrations';
import { DataSource } from 'typeorm';
import { type ContactFields, type FieldName, fieldNames, readSnapshot } from './canonical-contact.js';
import { ContactLinks, placeOfHook } from './contact-links.js';
import { LocalSide } from './local-side.js';
import { Outbox, type OutboundWork } from './outbox.js';
import { PushCompletion, type Pushed } from './push-completion.js';
import { isEmptyPatch, isNothing, planCreate, planUpdate, type UpdatePlan } from './push-plan.js';
import { SyncChoices } from './sync-choices.js';

/** On contacts of HighLevel whose DeskFlow contact was deleted, where the account archives them. */
export const ARCHIVE_TAG = 'deleted in deskflow';

/** A contact to push, as it is now. */
interface Subject {
  readonly hook: Hook;
  readonly work: OutboundWork;
  readonly contact: Contact;
  readonly link: ContactLink | undefined;
  /** Fields that belong to another location. */
  readonly foreign: ReadonlySet<FieldName>;
  readonly api: HighLevelApi;
}

type Answer = Pick<Pushed, 'ghlContactId' | 'sent' | 'answer' | 'tags'>;

/** HighLevel allows no second contact with this e-mail or phone, and the one it has is another DeskFlow contact's. */
export class DuplicateInHighLevel extends Error {
  constructor(readonly ghlContactId: string | undefined) {
    super(`HighLevel has another contact with the same e-mail or phone: ${ghlContactId ?? 'unknown'}`);
    this.name = 'DuplicateInHighLevel';
  }
}

/** Brings the present state of one DeskFlow contact to HighLevel. */
@Injectable()
export class ContactPusher {
  constructor(
    private readonly database: DataSource,
    private readonly clients: HighLevelClients,
    private readonly store: ContactStore,
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly outbox: Outbox,
    private readonly completion: PushCompletion,
    private readonly choices: SyncChoices,
  ) {}

  /**
   * Sends what differs from the snapshot and ends the work; without a difference nothing is sent.
   * Throws what the API client throws, LeaseLost, PlanOutdated and DuplicateInHighLevel; the work is then still open.
   */
  async push(hook: Hook, work: OutboundWork): Promise<void> {
    const { manager } = this.database;
    const place = placeOfHook(hook);
    const link = await this.links.ofContact(manager, place, work.contactId);
    const contact = await this.store.find(manager, hook.accountId, work.contactId);
    if (!contact) {
      if (link) return this.follow(hook, work, link);
      return this.outbox.finish(manager, work, 'ignored', 'deleted_in_deskflow');
    }
    if (link?.remoteDeletedAt) return this.outbox.finish(manager, work, 'ignored', 'deleted_in_highlevel');
    const foreign = foreignFields(await this.links.elsewhere(manager, place, contact.id), link);
    const subject = { hook, work, contact, link, foreign, api: this.clients.forHook(hook) };
    return link ? this.update(subject, link) : this.create(subject);
  }

  /** The contact was deleted here: HighLevel's goes the way the account has chosen. */
  private async follow(hook: Hook, work: OutboundWork, link: ContactLink): Promise<void> {
    const { onDelete } = await this.choices.of(hook.accountId);
    if (!link.remoteDeletedAt) await this.carryOut(onDelete, this.clients.forHook(hook), link.ghlContactId);
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

  private async update(subject: Subject, link: ContactLink): Promise<void> {
    const { hook, work, foreign, api } = subject;
    const base = readSnapshot(link.snapshot);
    const plan = planUpdate(base, await this.read(subject, base), foreign);
    if (isNothing(plan)) return this.outbox.finish(this.database.manager, work, 'done', 'unchanged');
    let answer: Answer;
    try {
      answer = await send(api, link.ghlContactId, plan);
    } catch (error) {
      if (isKind(error, 'not_found')) return this.completion.missing(hook, work, link);
      if (!isKind(error, 'duplicate_contact')) throw error;
      answer = await this.sendToDuplicate(subject, error);
    }
    await this.complete(subject, answer);
  }

  private async create(subject: Subject): Promise<void> {
    const { work, foreign, api } = subject;
    const plan = planCreate(await this.read(subject, {}), foreign);
    if (!plan) return this.outbox.finish(this.database.manager, work, 'ignored', 'neither_email_nor_phone');
    let answer: Answer;
    try {
      // Without tags: here they would replace those the contact may have already (HL 5.5).
      const { contact } = await api.contacts.upsert(plan.contact);
      answer = {
        ghlContactId: contact.id,
        sent: plan.sent,
        answer: contact,
        tags: await tag(api, contact, plan.addTags),
      };
    } catch (error) {
      if (!isKind(error, 'duplicate_contact')) throw error;
      answer = await this.sendToDuplicate(subject, error);
    }
    await this.complete(subject, answer);
  }

  /**
   * HighLevel says which contact this one is: that becomes its partner.
   * @throws DuplicateInHighLevel when that has a partner already, or when there is yet another duplicate
   */
  private async sendToDuplicate(subject: Subject, { contactId }: HighLevelError): Promise<Answer> {
    const { hook, contact, link, foreign, api } = subject;
    if (contactId === undefined || contactId === link?.ghlContactId)
      throw new DuplicateInHighLevel(contactId);
    const other = await this.links.ofRemote(this.database.manager, placeOfHook(hook), contactId);
    const isTaken =
      other && other.contactId !== contact.id && !other.localDeletedAt && !other.remoteDeletedAt;
    if (isTaken) throw new DuplicateInHighLevel(contactId);
    try {
      return await send(api, contactId, planUpdate({}, await this.read(subject, {}), foreign));
    } catch (error) {
      throw isKind(error, 'duplicate_contact') ? new DuplicateInHighLevel(error.contactId) : error;
    }
  }

  private async read({ contact }: Subject, base: ContactFields): Promise<ContactFields> {
    return this.localSide.read(this.database.manager, contact, base);
  }

  private async complete({ hook, work, link }: Subject, answer: Answer): Promise<void> {
    const connection = await this.database.manager.findOneBy(Connection, { hookId: hook.id });
    await this.completion.pushed(hook, work, { ...answer, link, country: connection?.country ?? null });
  }
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
