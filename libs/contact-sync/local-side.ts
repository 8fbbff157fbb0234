import { Injectable } from '@nestjs/common';
import {
  type ContactChanges,
  ContactLabels,
  ContactStore,
  ContactTaken,
  type LabelChanges,
} from '#libs/contacts';
import { type Contact } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { type ContactFields, fieldNames } from './canonical-contact.js';
import { type Place } from './contact-links.js';
import {
  addressesOf,
  type ContactDraft,
  draftOf,
  mirroredIds,
  type NewId,
  NOTHING_TAKEN,
  withoutMirroredId,
  withoutSharedIdentity,
} from './contact-draft.js';
import { ContactMatching, type Matching } from './contact-matching.js';
import { type MappedPlace } from './field-maps.js';
import { type FreeColumns, localChanges, localFields } from './local-contact.js';
import { type Merge } from './merge.js';
import { identityOf } from './reachable.js';

/** Who a contact of HighLevel is from now on, or which of them it may be. */
export type Match =
  Exclude<Matching, { kind: 'nobody' }> | { readonly kind: 'created'; readonly contact: Contact };

/** A contact of HighLevel that is not linked. */
export interface Newcomer {
  readonly ghlContactId: string;
  readonly fields: ContactFields;
  readonly draft?: ContactDraft | undefined;
}

/** A contact that was made of a newcomer. */
export interface Created {
  readonly contactId: number;
  /** That it is to get yet. */
  readonly labels: LabelChanges;
}

/** What a merge has for a contact of DeskFlow. */
export interface LocalWrite {
  /** Locked. */
  readonly contact: Contact;
  readonly merge: Merge;
  /** When the contact is being linked. */
  readonly newId?: NewId | undefined;
}

/** DeskFlow's side of a merge: finds, reads and writes its contacts. Everything runs in the caller's transaction. */
@Injectable()
export class LocalSide {
  constructor(
    private readonly store: ContactStore,
    private readonly labels: ContactLabels,
    private readonly matching: ContactMatching,
  ) {}

  async lock(manager: EntityManager, place: Place, contactId: number): Promise<Contact | undefined> {
    return this.store.findForUpdate(manager, place.accountId, contactId);
  }

  /** By id; those that do not exist are left out. */
  async lockAll(
    manager: EntityManager,
    place: Place,
    contactIds: readonly number[],
  ): Promise<ReadonlyMap<number, Contact>> {
    if (contactIds.length === 0) return new Map();
    const contacts = await this.store.findAllForUpdate(manager, place.accountId, contactIds);
    return new Map(contacts.map((contact) => [contact.id, contact]));
  }

  async read(
    manager: EntityManager,
    { fields }: MappedPlace,
    contact: Contact,
    base: ContactFields,
  ): Promise<ContactFields> {
    return localFields(contact, await this.labels.of(manager, contact.id), base, fields);
  }

  /**
   * The contact that an unlinked contact of HighLevel is (`ContactMatching`), else a new one; nothing where it may be
   * several.
   */
  async matchOrCreate(
    manager: EntityManager,
    place: MappedPlace,
    ghlContactId: string,
    remote: ContactFields,
  ): Promise<Match> {
    const matching = await this.matching.find(manager, place, remote);
    if (matching.kind !== 'nobody') return matching;
    const free = await this.freeColumns(manager, place, remote, undefined);
    const changes = localChanges(undefined, remote, fieldNames(remote), free, place.fields);
    const ids = await this.idsToMirror(manager, place, changes.contact, { ghlContactId });
    try {
      const contact = await this.store.insert(manager, place.accountId, { ...changes.contact, ...ids });
      await this.labels.change(manager, place.accountId, contact.id, changes.labels);
      return { kind: 'created', contact };
    } catch (error) {
      // DeskFlow's own code, which knows nothing of our locks, has just made a contact with this e-mail.
      const winner =
        error instanceof ContactTaken ? await this.matching.find(manager, place, remote) : undefined;
      if (!winner || winner.kind === 'nobody') throw error;
      return winner;
    }
  }

  /**
   * Makes contacts of those who cannot be anybody that DeskFlow knows: nobody has their e-mail or phone, and no two of
   * them share one. The e-mails and phones of all stay locked, as in `matchOrCreate`.
   * @param known contacts that are linked, and come first
   * @returns the new contacts by HighLevel's ids, still without labels (`labelAll`); the others, also those whose
   * identifier somebody has, are left as they are
   */
  async createAll(
    manager: EntityManager,
    place: MappedPlace,
    newcomers: readonly Newcomer[],
    known: readonly Pick<Newcomer, 'fields'>[],
  ): Promise<ReadonlyMap<string, Created>> {
    if (newcomers.length === 0) return new Map();
    const map = place.fields;
    const drafts = newcomers.map(({ ghlContactId, fields, draft }) =>
      draft?.mapKey === map.key ? draft : draftOf(ghlContactId, fields, map),
    );
    const alone = withoutSharedIdentity(
      drafts,
      known.map(({ fields }) => identityOf(fields)),
    );
    const { accountId } = place;
    const [, contactIds] = await Promise.all([
      this.store.lock(
        manager,
        accountId,
        drafts.map(({ identity }) => identity),
      ),
      this.store.insertFree(
        manager,
        accountId,
        alone.map(({ row }) => row),
      ),
    ]);
    const created = new Map<string, Created>();
    for (const [index, { ghlContactId, labels }] of alone.entries()) {
      const contactId = contactIds.get(index);
      if (contactId !== undefined) created.set(ghlContactId, { contactId, labels });
    }
    return created;
  }

  /** Gives those whom `createAll` has made their labels. */
  async labelAll(manager: EntityManager, place: Place, created: Iterable<Created>): Promise<void> {
    const labels = new Map<number, LabelChanges>();
    for (const { contactId, labels: its } of created) labels.set(contactId, its);
    await this.labels.changeAll(manager, place.accountId, labels, { areNew: true });
  }

  /** As `writeAll`. @returns whether anything was different */
  async write(manager: EntityManager, place: MappedPlace, write: LocalWrite): Promise<boolean> {
    return (await this.writeAll(manager, place, [write])).has(write.contact.id);
  }

  /**
   * Writes what merges have for DeskFlow.
   * @returns the ids of the contacts of which anything was different
   */
  async writeAll(
    manager: EntityManager,
    place: MappedPlace,
    writes: readonly LocalWrite[],
  ): Promise<ReadonlySet<number>> {
    const updates: { current: Contact; changes: ContactChanges }[] = [];
    const labels = new Map<number, LabelChanges>();
    const claimed = new Set<string>();
    for (const { contact, merge, newId } of writes) {
      const { forLocal, merged } = merge;
      const isIdentity = forLocal.includes('email') || forLocal.includes('phone');
      const free = isIdentity
        ? await this.freeColumns(manager, place, merged, contact.id, claimed)
        : NOTHING_TAKEN;
      const changes = localChanges(contact, merged, forLocal, free, place.fields);
      const after = {
        ghlContactId: contact.ghlContactId,
        identifier: contact.identifier,
        additionalAttributes: changes.contact.additionalAttributes ?? contact.additionalAttributes,
      };
      const ids = newId && (await this.idsToMirror(manager, place, after, newId));
      updates.push({ current: contact, changes: { ...changes.contact, ...ids } });
      if (changes.labels.add.length + changes.labels.remove.length > 0)
        labels.set(contact.id, changes.labels);
    }
    const written = await this.store.updateAll(manager, place.accountId, updates);
    await this.labels.changeAll(manager, place.accountId, labels);
    return new Set([...written, ...labels.keys()]);
  }

  async archive(manager: EntityManager, contact: Contact, at: Date): Promise<void> {
    await this.store.archive(manager, contact, at);
  }

  async restore(manager: EntityManager, contact: Contact): Promise<Contact> {
    return this.store.restore(manager, contact);
  }

  /** Puts HighLevel's id where others look for it. */
  async showId(manager: EntityManager, place: Place, contact: Contact, ghlContactId: string): Promise<void> {
    const ids = await this.idsToMirror(manager, place, contact, { ghlContactId });
    await this.store.update(manager, contact, ids);
  }

  /** Takes HighLevel's id away from where `showId` puts it. */
  async forgetId(manager: EntityManager, contact: Contact, ghlContactId: string): Promise<void> {
    if (contact.ghlContactId !== ghlContactId) return;
    await this.store.update(manager, contact, {
      ghlContactId: null,
      ...(contact.identifier === ghlContactId && { identifier: null }),
      additionalAttributes: withoutMirroredId(contact.additionalAttributes),
    });
  }

  /** @param claimed what contacts written before in the same go take; added to */
  private async freeColumns(
    manager: EntityManager,
    place: Place,
    fields: ContactFields,
    ownId: number | undefined,
    claimed = new Set<string>(),
  ): Promise<FreeColumns> {
    const identity = identityOf(fields);
    const { byEmail, byPhone } = await this.store.holders(manager, place.accountId, identity);
    const isFree = (holder: Contact | undefined, text: string | null): boolean =>
      (holder === undefined || holder.id === ownId) && (text === null || !claimed.has(text));
    const free = { email: isFree(byEmail, identity.email), phone: isFree(byPhone, identity.phoneNumber) };
    for (const text of addressesOf(identity)) claimed.add(text);
    return free;
  }

  private async idsToMirror(
    manager: EntityManager,
    place: Place,
    contact: ContactChanges,
    newId: NewId,
  ): Promise<ContactChanges> {
    const holder = await this.store.findByIdentifier(manager, place.accountId, newId.ghlContactId);
    return mirroredIds(contact, newId, holder !== undefined);
  }
}
