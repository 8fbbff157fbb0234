import { Injectable } from '@nestjs/common';
import {
  type ContactChanges,
  ContactLabels,
  ContactStore,
  ContactTaken,
  isE164,
  isEmail,
} from '#libs/contacts';
import { type Contact } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { type ContactFields, fieldNames } from './canonical-contact.js';
import { ContactLinks, type Place } from './contact-links.js';
import { type FreeColumns, localChanges, localFields } from './local-contact.js';
import { type Merge } from './merge.js';

export interface Match {
  readonly contact: Contact;
  readonly isNew: boolean;
}

/** HighLevel's id of a contact that is being linked, and the one it had at this location before. */
export interface NewId {
  readonly ghlContactId: string;
  readonly previous?: string | undefined;
}

/** DeskFlow's side of a merge: finds, reads and writes its contacts. Everything runs in the caller's transaction. */
@Injectable()
export class LocalSide {
  constructor(
    private readonly store: ContactStore,
    private readonly labels: ContactLabels,
    private readonly links: ContactLinks,
  ) {}

  async lock(manager: EntityManager, place: Place, contactId: number): Promise<Contact | undefined> {
    return this.store.findForUpdate(manager, place.accountId, contactId);
  }

  async read(manager: EntityManager, contact: Contact, base: ContactFields): Promise<ContactFields> {
    return localFields(contact, await this.labels.of(manager, contact.id), base);
  }

  /**
   * The contact that an unlinked contact of HighLevel is: that with the same e-mail, else with the same phone, else a
   * new one. E-mail and phone stay locked, so that of two events for one person the second finds what the first made.
   */
  async matchOrCreate(
    manager: EntityManager,
    place: Place,
    ghlContactId: string,
    remote: ContactFields,
  ): Promise<Match> {
    const matched = await this.match(manager, place, remote);
    if (matched) return { contact: matched, isNew: false };
    const free = await this.freeColumns(manager, place, remote, undefined);
    const changes = localChanges(undefined, remote, fieldNames(remote), free);
    const ids = await this.mirroredIds(manager, place, changes.contact, { ghlContactId });
    try {
      const contact = await this.store.insert(manager, place.accountId, { ...changes.contact, ...ids });
      await this.labels.change(manager, place.accountId, contact.id, changes.labels);
      return { contact, isNew: true };
    } catch (error) {
      // DeskFlow's own code, which knows nothing of our locks, has just made a contact with this e-mail.
      const winner = error instanceof ContactTaken ? await this.match(manager, place, remote) : undefined;
      if (!winner) throw error;
      return { contact: winner, isNew: false };
    }
  }

  /**
   * Writes what the merge has for DeskFlow.
   * @param newId when the contact is being linked
   * @returns whether anything was different
   */
  async write(
    manager: EntityManager,
    place: Place,
    contact: Contact,
    { merged, forLocal }: Merge,
    newId: NewId | undefined,
  ): Promise<boolean> {
    const isIdentity = forLocal.includes('email') || forLocal.includes('phone');
    const free = isIdentity ? await this.freeColumns(manager, place, merged, contact.id) : NOTHING_TAKEN;
    const changes = localChanges(contact, merged, forLocal, free);
    const after = {
      ghlContactId: contact.ghlContactId,
      identifier: contact.identifier,
      additionalAttributes: changes.contact.additionalAttributes ?? contact.additionalAttributes,
    };
    const ids = newId && (await this.mirroredIds(manager, place, after, newId));
    const written = await this.store.update(manager, contact, { ...changes.contact, ...ids });
    await this.labels.change(manager, place.accountId, contact.id, changes.labels);
    return written !== contact || changes.labels.add.length > 0 || changes.labels.remove.length > 0;
  }

  async archive(manager: EntityManager, contact: Contact, at: Date): Promise<void> {
    await this.store.archive(manager, contact, at);
  }

  async restore(manager: EntityManager, contact: Contact): Promise<Contact> {
    return this.store.restore(manager, contact);
  }

  private async match(
    manager: EntityManager,
    place: Place,
    remote: ContactFields,
  ): Promise<Contact | undefined> {
    const { byEmail, byPhone } = await this.store.holders(manager, place.accountId, identityOf(remote));
    // The same phone with another e-mail address is another person (DM 2).
    const isSamePerson = !byPhone?.email || !remote.email || byPhone.email.toLowerCase() === remote.email;
    for (const candidate of [byEmail, isSamePerson ? byPhone : undefined]) {
      if (!candidate) continue;
      const locked = await this.lock(manager, place, candidate.id);
      if (locked && (await this.isUnlinked(manager, place, locked.id))) return locked;
    }
    return undefined;
  }

  /** A link to a contact that HighLevel deleted does not count: the new one takes its place. */
  private async isUnlinked(manager: EntityManager, place: Place, contactId: number): Promise<boolean> {
    const link = await this.links.ofContact(manager, place, contactId);
    return link === undefined || link.remoteDeletedAt !== null;
  }

  private async freeColumns(
    manager: EntityManager,
    place: Place,
    fields: ContactFields,
    ownId: number | undefined,
  ): Promise<FreeColumns> {
    const { byEmail, byPhone } = await this.store.holders(manager, place.accountId, identityOf(fields));
    const isFree = (holder: Contact | undefined): boolean => holder === undefined || holder.id === ownId;
    return { email: isFree(byEmail), phone: isFree(byPhone) };
  }

  /**
   * Where others look for HighLevel's id: a column, the place of DeskFlow's CRM integrations, and `identifier` where
   * that is empty, because the website widget uses it (DM 7). A contact in two locations shows the id it got first.
   */
  private async mirroredIds(
    manager: EntityManager,
    place: Place,
    contact: ContactChanges,
    { ghlContactId, previous }: NewId,
  ): Promise<ContactChanges> {
    if (contact.ghlContactId && contact.ghlContactId !== previous) return {};
    const additional = { ...contact.additionalAttributes } as Record<string, unknown>;
    const external = isRecord(additional['external']) ? additional['external'] : {};
    const isIdentifierFree =
      (!contact.identifier || contact.identifier === previous) &&
      !(await this.store.findByIdentifier(manager, place.accountId, ghlContactId));
    return {
      ghlContactId,
      ...(isIdentifierFree && { identifier: ghlContactId }),
      additionalAttributes: { ...additional, external: { ...external, gohighlevel_id: ghlContactId } },
    };
  }
}

const NOTHING_TAKEN: FreeColumns = { email: true, phone: true };

function identityOf(fields: ContactFields): { email: string | null; phoneNumber: string | null } {
  const valid = (value: unknown, fits: (text: string) => boolean): string | null =>
    typeof value === 'string' && fits(value) ? value : null;
  return { email: valid(fields.email, isEmail), phoneNumber: valid(fields.phone, isE164) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
