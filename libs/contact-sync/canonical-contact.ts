import { isDeepStrictEqual } from 'node:util';
import { type JsonValue } from '#libs/contacts';

/** How far a change made in DeskFlow travels. */
type Push =
  | 'always'
  /** The update call has no place for it (HL 5.5). */
  | 'on-create'
  /** HighLevel's to decide; a change in DeskFlow stays there. */
  | 'never';

interface FieldRule {
  /** Where DeskFlow keeps it: a column, or a key of one of the two attribute objects. */
  readonly deskflow:
    'name' | 'email' | 'phone_number' | `additional_attributes.${string}` | `custom_attributes.${string}`;
  readonly push: Push;
  /** Whether HighLevel's update takes `null` for it (HL 5.5). What cannot be cleared there stays there. */
  readonly clearable: boolean;
}

/**
 * HighLevel field ⇄ place in DeskFlow: the whole mapping of values that stand alone. Beside it, one field for each
 * tag (`tags.<tag>` ⇄ label) and each custom field (`customFields.<id>` ⇄ `custom_attributes.ghl_field_<id>`).
 */
export const FIELDS = {
  firstName: { deskflow: 'name', push: 'always', clearable: true },
  lastName: { deskflow: 'name', push: 'always', clearable: true },
  email: { deskflow: 'email', push: 'always', clearable: true },
  phone: { deskflow: 'phone_number', push: 'always', clearable: true },
  companyName: { deskflow: 'additional_attributes.company_name', push: 'on-create', clearable: false },
  address1: { deskflow: 'additional_attributes.address', push: 'always', clearable: true },
  city: { deskflow: 'additional_attributes.city', push: 'always', clearable: true },
  state: { deskflow: 'additional_attributes.state', push: 'always', clearable: true },
  postalCode: { deskflow: 'additional_attributes.postal_code', push: 'always', clearable: false },
  country: { deskflow: 'additional_attributes.country_code', push: 'always', clearable: false },
  website: { deskflow: 'additional_attributes.website', push: 'always', clearable: true },
  timezone: { deskflow: 'additional_attributes.timezone', push: 'always', clearable: true },
  source: { deskflow: 'additional_attributes.source', push: 'always', clearable: true },
  dateOfBirth: { deskflow: 'custom_attributes.ghl_date_of_birth', push: 'always', clearable: true },
  assignedTo: { deskflow: 'custom_attributes.ghl_assigned_to', push: 'never', clearable: false },
  type: { deskflow: 'custom_attributes.ghl_type', push: 'never', clearable: false },
  dnd: { deskflow: 'custom_attributes.ghl_dnd', push: 'never', clearable: false },
  dndSettings: { deskflow: 'custom_attributes.ghl_dnd_settings', push: 'never', clearable: false },
} as const satisfies Record<string, FieldRule>;

export type StandingField = keyof typeof FIELDS;
export type TagField = `tags.${string}`;
export type CustomField = `customFields.${string}`;
export type FieldName = StandingField | TagField | CustomField;

/**
 * A contact as both sides can be compared: HighLevel's fields, flat, empty ones absent. A tag is one field with the
 * value `true`, so that tags which were added on one side and removed on the other merge by themselves.
 * This is also the form of `ghl.contact_links.snapshot`.
 */
export type ContactFields = Readonly<Partial<Record<FieldName, JsonValue>>>;

/** New values; undefined clears. */
export type FieldChanges = ReadonlyMap<FieldName, JsonValue | undefined>;

export const STANDING_FIELDS = Object.keys(FIELDS) as StandingField[];

export function tagField(tag: string): TagField {
  return `tags.${tag}`;
}

export function customField(id: string): CustomField {
  return `customFields.${id}`;
}

/** The tag a field stands for. */
export function tagOf(field: FieldName): string | undefined {
  return field.startsWith('tags.') ? field.slice('tags.'.length) : undefined;
}

/** The id of the custom field a field stands for. */
export function customFieldIdOf(field: FieldName): string | undefined {
  return field.startsWith('customFields.') ? field.slice('customFields.'.length) : undefined;
}

export function isStanding(field: FieldName): field is StandingField {
  return field in FIELDS;
}

export function tagsOf(fields: ContactFields): string[] {
  return fieldNames(fields).flatMap((field) => tagOf(field) ?? []);
}

export function fieldNames(...contacts: readonly ContactFields[]): FieldName[] {
  const [names = [], ...others] = contacts.map((fields) => Object.keys(fields) as FieldName[]);
  return others.length === 0 ? names : [...new Set([names, ...others].flat())];
}

/** Absent, null, '' and [] are all the same nothing. */
export function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

export function sameValue(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return one === other || isDeepStrictEqual(one, other) || (isEmpty(one) && isEmpty(other));
}

/** `fields` without the empty ones. */
export function present(fields: Readonly<Partial<Record<FieldName, JsonValue | undefined>>>): ContactFields {
  const kept: Partial<Record<FieldName, JsonValue>> = {};
  for (const [field, value] of Object.entries(fields))
    if (value !== undefined && !isEmpty(value)) kept[field as FieldName] = value;
  return kept;
}

/** A snapshot as it comes out of the database. */
export function readSnapshot(snapshot: unknown): ContactFields {
  return present((snapshot ?? {}) as ContactFields);
}

export function withChanges(fields: ContactFields, changes: FieldChanges): ContactFields {
  return present({
    ...fields,
    ...(Object.fromEntries(changes) as Partial<Record<FieldName, JsonValue | undefined>>),
  });
}
