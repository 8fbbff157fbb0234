import { type Contact, type Json } from './model.js';
import { omit, withoutUndefined } from './records.js';

/** Full name, or undefined where there is neither part. */
export function fullName({ firstName, lastName }: Contact): string | undefined {
  return [firstName, lastName].filter((part) => part !== undefined).join(' ') || undefined;
}

/** The contact of get, update and upsert (HL 5.4). */
export function detailView(contact: Contact): Json {
  return withoutUndefined({
    ...omit(contact, ['inboundDndSettings', 'gender']),
    name: fullName(contact),
    ...lowerCaseCopies(contact),
    type: 'lead',
    lastActivity: contact.dateUpdated,
  });
}

/** The contact that create answers (HL 5.5). */
export function createdView(contact: Contact): Json {
  const birth = contact.dateOfBirth === undefined ? undefined : new Date(contact.dateOfBirth);
  return withoutUndefined({
    ...omit(contact, ['inboundDndSettings', 'gender', 'timezone']),
    ...lowerCaseCopies(contact),
    type: 'lead',
    deleted: false,
    bounceEmail: false,
    unsubscribeEmail: false,
    birthMonth: birth && birth.getUTCMonth() + 1,
    birthDay: birth?.getUTCDate(),
  });
}

/** Where a search goes on after this contact; the answer carries it with each. */
export type SearchPosition = readonly unknown[];

/**
 * The contact as a search shows it: other names than get has, `address` among them (HL 5.2). A page has hundreds of them:
 * each is an object of one shape, and JSON leaves out what has no value.
 */
export function searchView(contact: Contact, searchAfter: SearchPosition): Json {
  return {
    id: contact.id,
    locationId: contact.locationId,
    firstName: contact.firstName,
    lastName: contact.lastName,
    email: contact.email,
    phone: contact.phone,
    companyName: contact.companyName,
    city: contact.city,
    state: contact.state,
    postalCode: contact.postalCode,
    country: contact.country,
    website: contact.website,
    source: contact.source,
    assignedTo: contact.assignedTo,
    dateOfBirth: contact.dateOfBirth,
    tags: contact.tags,
    customFields: contact.customFields,
    dnd: contact.dnd,
    dndSettings: contact.dndSettings,
    dateAdded: contact.dateAdded,
    dateUpdated: contact.dateUpdated,
    address: contact.address1,
    phoneLabel: null,
    additionalEmails: [],
    additionalPhones: [],
    businessName: contact.companyName,
    firstNameLowerCase: contact.firstName?.toLowerCase(),
    lastNameLowerCase: contact.lastName?.toLowerCase(),
    type: 'lead',
    followers: [],
    opportunities: [],
    validEmail: contact.email === undefined ? undefined : true,
    searchAfter,
  };
}

/** The contact of the deprecated list (HL 5.3). */
export function listView(contact: Contact): Json {
  return withoutUndefined({
    ...omit(contact, ['inboundDndSettings', 'gender']),
    contactName: fullName(contact),
    type: 'lead',
    followers: [],
    attributions: [],
  });
}

/** A contact inside an event (HL 4.7): no `dateUpdated`, and no key for what has no value. */
export function eventView(contact: Contact): Json {
  return withoutUndefined({
    ...omit(contact, ['dateUpdated', 'dndSettings', 'inboundDndSettings', 'gender', 'timezone']),
    name: fullName(contact),
    attachments: [],
  });
}

/** What the one real sample of the event held (HL 4.7). */
export function dndEventView({ locationId, id, email, phone, dnd, dndSettings }: Contact): Json {
  return withoutUndefined({ locationId, id, email, phone, dnd, dndSettings: dndSettings ?? {} });
}

function lowerCaseCopies(contact: Contact): Json {
  return {
    emailLowerCase: contact.email?.toLowerCase(),
    firstNameLowerCase: contact.firstName?.toLowerCase(),
    lastNameLowerCase: contact.lastName?.toLowerCase(),
    fullNameLowerCase: fullName(contact)?.toLowerCase(),
  };
}
