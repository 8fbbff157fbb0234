import { type JsonValue, storableJson, storableText } from '#libs/contacts';
import { type ContactEvent, type HighLevelContact, readContact } from '#libs/highlevel';
import { calendarDate } from './calendar-date.js';
import {
  type ContactFields,
  customField,
  type FieldName,
  fieldNames,
  isEmpty,
  isStanding,
  type StandingField,
  tagField,
  tagOf,
} from './canonical-contact.js';
import { countryCode } from './country.js';
import { splitName } from './person-name.js';
import { parsePhone } from './phone-number.js';

/** What contact events never carry (HL 4.7): its absence says nothing. */
const NOT_IN_EVENTS: ReadonlySet<FieldName> = new Set<StandingField>(['timezone', 'type', 'dndSettings']);

/** Texts that are compared as HighLevel has them. */
const AS_IT_IS = [
  'companyName',
  'address1',
  'city',
  'state',
  'postalCode',
  'website',
  'timezone',
  'source',
  'assignedTo',
  'type',
] as const satisfies StandingField[];

/** What was read before: an event is asked about several times on its way, and reading it is most of the work. */
const contacts = new WeakMap<ContactEvent, HighLevelContact | undefined>();
const fields = new WeakMap<
  HighLevelContact,
  { readonly country: string | null; readonly said: ContactFields }
>();

/**
 * The contact of an event. The event's own `type` is its name, not the contact's type.
 * @returns undefined when it names no contact
 */
export function contactOfEvent(event: ContactEvent): HighLevelContact | undefined {
  if (!contacts.has(event)) contacts.set(event, readContact({ ...event, type: undefined }));
  return contacts.get(event);
}

/** As `remoteFields`, once for each contact. */
function fieldsOfEvent(contact: HighLevelContact, country: string | null): ContactFields {
  const known = fields.get(contact);
  if (known?.country === country) return known.said;
  const said = remoteFields(contact, country);
  fields.set(contact, { country, said });
  return said;
}

/**
 * What HighLevel says, in the form in which it is compared.
 * @param country that of the location, for phone numbers without a country code
 */
export function remoteFields(contact: HighLevelContact, country: string | null): ContactFields {
  const text = (value: string | undefined): string => (value ? storableText(value).trim() : '');
  const firstName = text(contact.firstName);
  const lastName = text(contact.lastName);
  const phone = text(contact.phone);
  const region = text(contact.country);
  const said: Partial<Record<FieldName, JsonValue>> = {};
  const say = (field: FieldName, value: JsonValue | undefined): void => {
    if (value !== undefined && !isEmpty(value)) said[field] = value;
  };
  const name = firstName || lastName ? { firstName, lastName } : splitName(text(contact.name));
  say('firstName', name.firstName);
  say('lastName', name.lastName);
  say('email', text(contact.email).toLowerCase());
  say('phone', parsePhone(phone, country) ?? phone);
  for (const field of AS_IT_IS) say(field, text(contact[field]));
  say('country', countryCode(region) ?? region);
  say('dateOfBirth', calendarDate(text(contact.dateOfBirth)));
  say('dnd', contact.dnd);
  say('dndSettings', storableJson(contact.dndSettings));
  for (const tag of contact.tags ?? []) {
    // HighLevel keeps tags in lower case and compares them so (HL 5.10).
    const known = text(tag).toLowerCase();
    if (known) say(tagField(known), true);
  }
  // Of a duplicate id the last one stays, also when it is empty.
  for (const { id, value } of contact.customFields ?? []) {
    const field = customField(storableText(id));
    if (field in said) Reflect.deleteProperty(said, field);
    say(field, storableJson(value));
  }
  return said;
}

/** `known`, and on top of it what `contact` says. What it leaves out stays: in an event that need not mean "empty". */
export function overlay(
  known: ContactFields,
  contact: HighLevelContact,
  country: string | null,
): ContactFields {
  const said = fieldsOfEvent(contact, country);
  const fieldsKnown = Object.entries(known);
  if (fieldsKnown.length === 0) return said;
  const kept = fieldsKnown.filter(
    ([field]) => contact.tags === undefined || tagOf(field as FieldName) === undefined, // tags come as a whole list
  );
  return { ...(Object.fromEntries(kept) as ContactFields), ...said };
}

/** The known fields an event should have repeated and did not: cleared, or not sent. Only the API can tell (HL 4.7). */
export function lackingFields(
  known: ContactFields,
  contact: HighLevelContact,
  country: string | null,
): FieldName[] {
  const said = fieldsOfEvent(contact, country);
  return fieldNames(known).filter(
    (field) =>
      said[field] === undefined &&
      known[field] !== false &&
      !(isStanding(field) && NOT_IN_EVENTS.has(field)) &&
      !(contact.tags !== undefined && tagOf(field) !== undefined),
  );
}
