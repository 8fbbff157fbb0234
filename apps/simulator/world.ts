import { type ContactChange, ContactBook } from './contact-book.js';
import { Collection } from './collection.js';
import { ContactRules } from './contact-rules.js';
import {
  type Installation,
  type Company,
  type Contact,
  type CustomField,
  type Location,
  type Message,
  type User,
} from './model.js';
import { type InstallationEvents, Installations } from './installations.js';
import { type Journal } from './journal.js';
import { MessageBook } from './message-book.js';
import { seed } from './seed.js';
import { Tokens } from './tokens.js';

export interface WorldEvents extends InstallationEvents {
  contactChanged(change: ContactChange): void;
  messageAdded(message: Message): void;
}

export interface WorldOptions {
  journal: Journal;
  /** Epoch milliseconds. */
  now: () => number;
  tokenLifetimeSeconds: () => number;
  events: WorldEvents;
}

/** Everything the stand-in HighLevel knows, seeded on first use, each change of it in the journal. */
export class World {
  readonly companies: Collection<Company>;
  readonly locations: Collection<Location>;
  readonly users: Collection<User>;
  readonly customFields: Collection<CustomField>;
  readonly contacts: ContactBook;
  readonly contactRules: ContactRules;
  readonly messages: MessageBook;
  readonly installations: Installations;
  readonly tokens: Tokens;

  constructor({ journal, now, tokenLifetimeSeconds, events }: WorldOptions) {
    const collection = <T>(name: string): Collection<T> => new Collection<T>(name, journal);
    this.companies = collection('companies');
    this.locations = collection('locations');
    this.users = collection('users');
    this.customFields = collection('customFields');
    const contacts = collection<Contact>('contacts');
    if (this.companies.size === 0) this.plant(contacts);
    this.messages = new MessageBook(collection<Message>('messages'), now, (message) =>
      events.messageAdded(message),
    );
    this.contacts = new ContactBook(contacts, now, (change) => {
      if (change.before && !change.after) this.messages.forget(change.before.id);
      events.contactChanged(change);
    });
    this.contactRules = new ContactRules(this.contacts);
    this.installations = new Installations(collection<Installation>('installations'), now, events);
    this.tokens = new Tokens(
      {
        access: collection('accessTokens'),
        refresh: collection('refreshTokens'),
        codes: collection('codes'),
      },
      now,
      tokenLifetimeSeconds,
    );
  }

  /** Ends the app's tokens there, and tells the app. @returns whether the app was there */
  uninstallLocation(locationId: string): boolean {
    this.tokens.revokeWhere((grant) => grant.locationId === locationId);
    return this.installations.uninstallLocation(locationId);
  }

  /** The agency and all its locations. */
  uninstallCompany(companyId: string): boolean {
    this.tokens.revokeWhere((grant) => grant.companyId === companyId);
    return this.installations.uninstallCompany(companyId);
  }

  /** Custom fields of a location by the key they are written with, `contact.` left out or not (HL 5.8). */
  fieldIdByKey(locationId: string, key: string): string | undefined {
    return this.customFields
      .values()
      .find((field) => field.locationId === locationId && [key, `contact.${key}`].includes(field.fieldKey))
      ?.id;
  }

  /** The company goes last: a process killed while it plants begins anew. */
  private plant(contacts: Collection<Contact>): void {
    const planted = seed();
    for (const location of planted.locations) this.locations.set(location.id, location);
    for (const user of planted.users) this.users.set(user.id, user);
    for (const field of planted.customFields) this.customFields.set(field.id, field);
    for (const contact of planted.contacts) contacts.set(contact.id, contact);
    for (const company of planted.companies) this.companies.set(company.id, company);
  }
}
