import { isDeepStrictEqual } from 'node:util';
import { type Collection } from './collection.js';
import { applyChanges } from './contact-changes.js';
import { type ContactChanges } from './contact-input.js';
import { newId } from './identifiers.js';
import { type Contact, type Location } from './model.js';

/** One of the two is absent when the contact was created, or deleted. */
export interface ContactChange {
  before?: Contact;
  after?: Contact;
}

export interface Duplicate {
  contact: Contact;
  field: 'email' | 'phone';
}

/** A change whose time has not come for searches (HL 5.2). */
interface HiddenChange {
  at: number;
  id: string;
  before: Contact | undefined;
}

/** Longest lag a search can be given; older changes need not be remembered. */
const LONGEST_LAG_MS = 60_000;

/** The contacts of all locations. */
export class ContactBook {
  private readonly byLocation = new Map<string, Map<string, Contact>>();
  /** Contact ids by location and e-mail or phone. */
  private readonly byAddress = new Map<string, Set<string>>();
  private recent: HiddenChange[] = [];
  private changes = 0;

  /** @param changed is told of each change after it is on disk */
  constructor(
    private readonly records: Collection<Contact>,
    private readonly now: () => number,
    private readonly changed: (change: ContactChange) => void,
  ) {
    for (const contact of records.values()) this.index(contact);
  }

  get(id: string): Contact | undefined {
    return this.records.get(id);
  }

  /** In the order they were added. */
  list(locationId: string): Contact[] {
    return [...(this.byLocation.get(locationId)?.values() ?? [])];
  }

  /** The contacts as they were `lagMs` ago. */
  listAsOf(locationId: string, lagMs: number): Contact[] {
    const contacts = new Map(this.byLocation.get(locationId));
    const since = this.now() - lagMs;
    for (const { at, id, before } of this.recent.toReversed()) {
      if (at <= since || (before ?? this.get(id))?.locationId !== locationId) continue;
      if (before) contacts.set(id, before);
      else contacts.delete(id);
    }
    return [...contacts.values()];
  }

  /** Equal for two calls between which `listAsOf` would not have changed. */
  versionAsOf(lagMs: number): number {
    const since = this.now() - lagMs;
    const shown = this.recent.findLastIndex(({ at }) => at <= since) + 1;
    return this.changes - (this.recent.length - shown);
  }

  /** The contact with this e-mail or phone, by the location's first field that matches one (HL 5.9). */
  findDuplicate(
    location: Location,
    { email, phone }: { email?: string; phone?: string },
    exceptId?: string,
  ): Duplicate | undefined {
    for (const field of location.uniqueFields) {
      const value = field === 'email' ? email : phone;
      if (value === undefined) continue;
      const ids = this.byAddress.get(addressKey(location.id, field, value)) ?? [];
      const contact = [...ids].filter((id) => id !== exceptId).map((id) => this.get(id))[0];
      if (contact) return { contact, field };
    }
    return undefined;
  }

  /** What the contact would be; nothing is stored. */
  draft(location: Location, changes: ContactChanges): Contact {
    const now = new Date(this.now()).toISOString();
    const empty: Contact = {
      id: newId(),
      locationId: location.id,
      tags: [],
      customFields: [],
      dnd: false,
      dateAdded: now,
      dateUpdated: now,
    };
    return applyChanges(empty, changes, location.country);
  }

  add(contact: Contact): Contact {
    this.store(contact);
    this.changed({ after: contact });
    return contact;
  }

  /** Stores the contact if it differs from what is there. */
  replace(before: Contact, after: Contact): Contact {
    if (isDeepStrictEqual(before, after)) return before;
    const stored = { ...after, dateUpdated: new Date(this.now()).toISOString() };
    this.unindex(before);
    this.store(stored, before);
    this.changed({ before, after: stored });
    return stored;
  }

  remove(contact: Contact): void {
    this.remember(contact.id, contact);
    this.unindex(contact);
    this.byLocation.get(contact.locationId)?.delete(contact.id);
    this.records.delete(contact.id);
    this.changed({ before: contact });
  }

  private store(contact: Contact, before?: Contact): void {
    this.remember(contact.id, before);
    this.records.set(contact.id, contact);
    this.index(contact);
  }

  private index(contact: Contact): void {
    const contacts = this.byLocation.get(contact.locationId) ?? new Map<string, Contact>();
    this.byLocation.set(contact.locationId, contacts.set(contact.id, contact));
    for (const key of addressKeys(contact)) {
      const ids = this.byAddress.get(key) ?? new Set<string>();
      this.byAddress.set(key, ids.add(contact.id));
    }
  }

  private unindex(contact: Contact): void {
    for (const key of addressKeys(contact)) {
      const ids = this.byAddress.get(key);
      ids?.delete(contact.id);
      if (ids?.size === 0) this.byAddress.delete(key);
    }
  }

  private remember(id: string, before: Contact | undefined): void {
    const at = this.now();
    const tooOld = this.recent.findIndex((change) => change.at > at - LONGEST_LAG_MS);
    if (tooOld !== 0) this.recent = tooOld === -1 ? [] : this.recent.slice(tooOld);
    this.recent.push({ at, id, before });
    this.changes += 1;
  }
}

function addressKeys({ locationId, email, phone }: Contact): string[] {
  const keys: string[] = [];
  if (email !== undefined) keys.push(addressKey(locationId, 'email', email));
  if (phone !== undefined) keys.push(addressKey(locationId, 'phone', phone));
  return keys;
}

function addressKey(locationId: string, field: 'email' | 'phone', value: string): string {
  return `${locationId} ${field} ${value.toLowerCase()}`;
}
