import { type ApiCall, type SendCall } from './api-calls.js';
import { VERSION_2021_07 } from './api-versions.js';
import {
  type ContactInput,
  type ContactPatch,
  type ContactUpsert,
  type HighLevelContact,
  readContact,
} from './contact.js';
import { isRecord, listOf, numberOf, textsOf } from './untyped-json.js';

export interface ContactFilter {
  field: string;
  operator: 'eq' | 'not_eq' | 'contains' | 'not_contains' | 'exists' | 'not_exists' | 'range';
  /** Left out with `exists` and `not_exists`. */
  value?: unknown;
}

export interface ContactFilterGroup {
  group: 'AND' | 'OR';
  filters: readonly (ContactFilter | ContactFilterGroup)[];
}

/** HL 5.2. Changes take a few seconds to show in a search. */
export interface ContactSearch {
  /** 1 to 500. */
  pageLimit: number;
  /** From 1; `page × pageLimit` ≤ 10,000. Beyond that, and for every walk through all contacts: `searchAfter`. */
  page?: number;
  /** That of the last contact of the page before. */
  searchAfter?: readonly unknown[];
  filters?: readonly (ContactFilter | ContactFilterGroup)[];
  sort?: readonly { field: string; direction: 'asc' | 'desc' }[];
  /** At most 75 characters. */
  query?: string;
}

export interface ContactPage {
  contacts: HighLevelContact[];
  /** All that match, not only those of this page. */
  total: number | undefined;
}

const VERSION = VERSION_2021_07;
const CONTACT = '/contacts/{contactId}';
const TAGS = '/contacts/{contactId}/tags';

/** Contacts of one location (HL 5). Every method throws `HighLevelError`. */
export class ContactsApi {
  constructor(
    private readonly send: SendCall,
    private readonly locationId: string,
  ) {}

  /** Kind `not_found` for an unknown or deleted contact. */
  get(contactId: string): Promise<HighLevelContact> {
    return this.send({ method: 'GET', path: CONTACT, ids: { contactId }, version: VERSION }, wrappedContact);
  }

  /** Kind `duplicate_contact` with `contactId` where the location allows no second one (HL 5.9). */
  create(contact: ContactInput): Promise<HighLevelContact> {
    const json = { ...contact, locationId: this.locationId };
    return this.send({ method: 'POST', path: '/contacts/', version: VERSION, json }, wrappedContact);
  }

  /** Changes only what `patch` names; `null` clears. `tags` replaces them all. */
  update(contactId: string, patch: ContactPatch): Promise<HighLevelContact> {
    return this.send(
      { method: 'PUT', path: CONTACT, ids: { contactId }, version: VERSION, json: patch },
      (body) => (refusedQuietly(body) ? undefined : wrappedContact(body)),
    );
  }

  /** Updates the contact that the location's duplicate rule finds, or creates one. `tags` replaces them all. */
  upsert(contact: ContactUpsert): Promise<{ contact: HighLevelContact; created: boolean }> {
    const json = { ...contact, locationId: this.locationId };
    return this.send({ method: 'POST', path: '/contacts/upsert', version: VERSION, json }, (body) => {
      const found = wrappedContact(body);
      return found && { contact: found, created: isRecord(body) && body.new === true };
    });
  }

  /** Kind `not_found` when it is gone already. An empty answer counts as success. */
  async remove(contactId: string): Promise<void> {
    await this.send({ method: 'DELETE', path: CONTACT, ids: { contactId }, version: VERSION }, (body) =>
      refusedQuietly(body) ? undefined : true,
    );
  }

  /** Adds tags by name; unknown names are created. Returns the complete list afterwards. */
  addTags(contactId: string, tags: readonly string[]): Promise<string[]> {
    return this.changeTags('POST', contactId, tags);
  }

  /** Removes tags by name. Returns the complete list afterwards. */
  removeTags(contactId: string, tags: readonly string[]): Promise<string[]> {
    return this.changeTags('DELETE', contactId, tags);
  }

  search(search: ContactSearch): Promise<ContactPage> {
    const json = { ...search, locationId: this.locationId };
    const call: ApiCall = {
      method: 'POST',
      path: '/contacts/search',
      version: VERSION,
      json,
      repeatable: true,
    };
    return this.send(call, (body) => {
      const contacts = isRecord(body) ? listOf(body.contacts, readContact) : undefined;
      return contacts && { contacts, total: isRecord(body) ? numberOf(body.total) : undefined };
    });
  }

  private changeTags(
    method: 'POST' | 'DELETE',
    contactId: string,
    tags: readonly string[],
  ): Promise<string[]> {
    return this.send({ method, path: TAGS, ids: { contactId }, version: VERSION, json: { tags } }, (body) =>
      isRecord(body) ? textsOf(body.tags) : undefined,
    );
  }
}

/** `{ contact }` as documented, or the contact itself. */
function wrappedContact(body: unknown): HighLevelContact | undefined {
  return readContact(isRecord(body) && isRecord(body.contact) ? body.contact : body);
}

/** HighLevel spells it `succeded`, v3 `succeeded`, some calls both (HL 1.4). */
function refusedQuietly(body: unknown): boolean {
  return isRecord(body) && (body.succeded === false || body.succeeded === false);
}
