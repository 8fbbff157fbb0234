import {
  clipText,
  type ContactChanges,
  isE164,
  isEmail,
  type JsonRecord,
  type JsonValue,
  labelTitle,
  type LabelChanges,
  normaliseEmail,
} from '#libs/contacts';
import { type Contact } from '#libs/database';
import { calendarDate } from './calendar-date.js';
import {
  type ContactFields,
  customField,
  type CustomField,
  customFieldIdOf,
  type FieldName,
  fieldNames,
  FIELDS,
  isStanding,
  present,
  type StandingField,
  STANDING_FIELDS,
  tagField,
  tagOf,
  tagsOf,
} from './canonical-contact.js';
import { countryCode, countryName } from './country.js';
import { type FieldMap } from './field-map.js';
import { joinName, splitName } from './person-name.js';

type LocalContact = Pick<
  Contact,
  'name' | 'email' | 'phoneNumber' | 'additionalAttributes' | 'customAttributes'
>;

/** Where a value of HighLevel is shown that the column cannot take: it is not valid, or another contact has it. */
const EMAIL_RAW = 'ghl_email_raw';
const PHONE_RAW = 'ghl_phone_raw';

/** Fields that are neither one text nor in a place of their own. */
const SPECIAL = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'country',
  'dateOfBirth',
] as const satisfies StandingField[];
const PLACES = Object.fromEntries(
  STANDING_FIELDS.map((field) => [field, FIELDS[field].deskflow.split('.')]),
) as unknown as Readonly<Record<StandingField, readonly [where: string, key: string]>>;
const PLAIN = STANDING_FIELDS.filter((field) => !(SPECIAL as readonly string[]).includes(field));

/**
 * A DeskFlow contact in the form in which it is compared. What DeskFlow shows of HighLevel's values is often less than
 * HighLevel has: one name for two parts, a label for a tag. As long as it shows what `base` would look like, it has not
 * changed, and `base` stands.
 */
export function localFields(
  contact: LocalContact,
  labels: readonly string[],
  base: ContactFields,
  map: FieldMap,
): ContactFields {
  const additional = (contact.additionalAttributes ?? {}) as JsonRecord;
  const custom = (contact.customAttributes ?? {}) as JsonRecord;
  const name = contact.name ?? '';
  const plain = PLAIN.map((field) => [field, textOf(attributeOf(field, additional, custom))]);
  const local = present({
    ...(Object.fromEntries(plain) as ContactFields),
    ...(name === shownName(base) ? { firstName: base.firstName, lastName: base.lastName } : splitName(name)),
    email: normaliseEmail(contact.email) ?? standsFor(base.email, isEmail, custom[EMAIL_RAW]),
    phone: contact.phoneNumber ?? standsFor(base.phone, isE164, custom[PHONE_RAW]),
    country: countryOf(additional),
    dateOfBirth: calendarDate(textOf(custom['ghl_date_of_birth']) ?? ''),
    ...localTags(labels, base),
    ...localCustomFields(custom, base, map),
  });
  return map.heardOfLocal(local, base);
}

export interface LocalChanges {
  readonly contact: ContactChanges;
  readonly labels: LabelChanges;
}

/** Which columns no other contact of the account stands in the way of. */
export interface FreeColumns {
  readonly email: boolean;
  readonly phone: boolean;
}

/** What to write into DeskFlow so that `fields` are as in `merged`; everything else stays as it is. */
export function localChanges(
  contact: LocalContact | undefined,
  merged: ContactFields,
  fields: readonly FieldName[],
  free: FreeColumns,
  map: FieldMap,
): LocalChanges {
  const additional = new Attributes(contact?.additionalAttributes);
  const custom = new Attributes(contact?.customAttributes);
  const columns: ContactChanges = {};
  for (const field of fields) {
    const value = merged[field];
    const customFieldId = customFieldIdOf(field);
    if (customFieldId !== undefined)
      custom.set(map.attributeOf(customFieldId), map.shown(customField(customFieldId), value));
    else if (field === 'firstName' || field === 'lastName') columns.name = shownName(merged);
    else if (field === 'email') {
      const email = usable(value, isEmail, free.email);
      columns.email = email;
      custom.set(EMAIL_RAW, email === null ? value : undefined);
    } else if (field === 'phone') {
      const phone = usable(value, isE164, free.phone);
      columns.phoneNumber = phone;
      custom.set(PHONE_RAW, phone === null ? value : undefined);
    } else if (field === 'country') {
      const name = countryName(textOf(value) ?? '');
      additional.set('country', name ?? value);
      additional.set('country_code', name === undefined ? undefined : value);
    } else if (isStanding(field)) {
      const [where, key] = PLACES[field];
      (where === 'custom_attributes' ? custom : additional).set(key, value);
    }
  }
  // Once an agent has filled the column, what it could not take before is of no use.
  if (contact?.email && columns.email === undefined) custom.set(EMAIL_RAW, undefined);
  if (contact?.phoneNumber && columns.phoneNumber === undefined) custom.set(PHONE_RAW, undefined);
  if (additional.isTouched) columns.additionalAttributes = additional.values;
  if (custom.isTouched) columns.customAttributes = custom.values;
  return { contact: columns, labels: labelChanges(merged, fields) };
}

class Attributes {
  readonly values: Record<string, unknown>;
  isTouched = false;

  constructor(stored: Record<string, unknown> | null | undefined) {
    this.values = { ...stored };
  }

  set(key: string, value: JsonValue | undefined): void {
    if (value === undefined && !(key in this.values)) return;
    this.isTouched = true;
    if (value === undefined) Reflect.deleteProperty(this.values, key);
    else this.values[key] = value;
  }
}

function shownName(fields: ContactFields): string {
  return clipText(joinName({ firstName: textOf(fields.firstName), lastName: textOf(fields.lastName) }));
}

/** An empty column stands for HighLevel's value when the column could not take that. */
function standsFor(
  base: JsonValue | undefined,
  fits: (text: string) => boolean,
  shownBeside: JsonValue | undefined,
): JsonValue | undefined {
  const couldNot = typeof base === 'string' && (!fits(base) || shownBeside === base);
  return couldNot ? base : undefined;
}

function usable(
  value: JsonValue | undefined,
  fits: (text: string) => boolean,
  isFree: boolean,
): string | null {
  return typeof value === 'string' && fits(value) && isFree ? value : null;
}

function localTags(labels: readonly string[], base: ContactFields): ContactFields {
  const known = tagsOf(base);
  const shown = new Set(known.map(labelTitle));
  const kept = known.filter((tag) => labels.includes(labelTitle(tag)));
  const added = labels.filter((label) => !shown.has(label));
  return Object.fromEntries([...kept, ...added].map((tag) => [tagField(tag), true]));
}

/** Several tags may share a label: it goes with the last of them. */
function labelChanges(merged: ContactFields, fields: readonly FieldName[]): LabelChanges {
  const touched = titlesOf(fields);
  if (touched.size === 0) return { add: [], remove: [] };
  const titles = titlesOf(fieldNames(merged));
  return {
    add: [...touched].filter((title) => titles.has(title)),
    remove: [...touched].filter((title) => !titles.has(title)),
  };
}

function titlesOf(fields: readonly FieldName[]): Set<string> {
  const titles = new Set<string>();
  for (const field of fields) {
    const tag = tagOf(field);
    if (tag !== undefined) titles.add(labelTitle(tag));
  }
  return titles;
}

function localCustomFields(custom: JsonRecord, base: ContactFields, map: FieldMap): ContactFields {
  return Object.fromEntries(
    Object.entries(custom).flatMap(([attribute, value]): [CustomField, JsonValue | undefined][] => {
      const field = map.fieldOf(attribute);
      return field === undefined ? [] : [[field, map.told(field, value, base[field])]];
    }),
  );
}

function countryOf(additional: JsonRecord): string | undefined {
  const texts = [textOf(additional['country_code']), textOf(additional['country'])].filter(
    (text) => text !== undefined,
  );
  return texts.map(countryCode).find((code) => code !== undefined) ?? texts.at(-1);
}

function attributeOf(
  field: StandingField,
  additional: JsonRecord,
  custom: JsonRecord,
): JsonValue | undefined {
  const [where, key] = PLACES[field];
  return (where === 'custom_attributes' ? custom : additional)[key];
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
