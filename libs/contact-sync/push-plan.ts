import { isE164, isEmail, type JsonValue } from '#libs/contacts';
import { type ContactPatch, type ContactUpsert, type CustomFieldInput } from '#libs/highlevel';
import {
  type ContactFields,
  customFieldIdOf,
  type FieldChanges,
  type FieldName,
  fieldNames,
  FIELDS,
  isStanding,
  sameValue,
  type StandingField,
  tagOf,
} from './canonical-contact.js';
import { countryName } from './country.js';

/** What DeskFlow has to tell HighLevel about a contact it knows. */
export interface UpdatePlan {
  readonly patch: ContactPatch;
  readonly addTags: readonly string[];
  readonly removeTags: readonly string[];
  /** All of that, field by field. */
  readonly sent: FieldChanges;
}

/** What DeskFlow has to tell HighLevel about a contact it has not. */
export interface CreatePlan {
  readonly contact: ContactUpsert;
  readonly addTags: readonly string[];
  readonly sent: FieldChanges;
}

/**
 * @param base what HighLevel has, as far as we know
 * @param foreign fields that belong to another location: custom field ids are a location's own
 */
export function planUpdate(
  base: ContactFields,
  local: ContactFields,
  foreign: ReadonlySet<FieldName>,
): UpdatePlan {
  const changed = fieldNames(base, local).filter(
    (field) =>
      !sameValue(base[field], local[field]) &&
      !foreign.has(field) &&
      isPushable(field, base, local, 'update'),
  );
  const { standing, customFields } = body(changed, base, local);
  const tags = changed.filter((field) => tagOf(field) !== undefined);
  return {
    patch: { ...standing, ...(customFields.length > 0 && { customFields }) },
    addTags: tags.filter((field) => local[field] !== undefined).map(tagText),
    removeTags: tags.filter((field) => local[field] === undefined).map(tagText),
    sent: changesTo(local, changed),
  };
}

/** @returns undefined when HighLevel could not recognise the contact: it has neither e-mail nor phone (HL 5.5) */
export function planCreate(local: ContactFields, foreign: ReadonlySet<FieldName>): CreatePlan | undefined {
  const fields = fieldNames(local).filter(
    (field) => !foreign.has(field) && isPushable(field, {}, local, 'create'),
  );
  if (!fields.includes('email') && !fields.includes('phone')) return undefined;
  const { standing, customFields } = body(fields, {}, local);
  return {
    contact: { ...standing, ...(customFields.length > 0 && { customFields }) } as ContactUpsert,
    addTags: fields.filter((field) => tagOf(field) !== undefined).map(tagText),
    sent: changesTo(local, fields),
  };
}

export function isNothing({ patch, addTags, removeTags }: UpdatePlan): boolean {
  return isEmptyPatch(patch) && addTags.length === 0 && removeTags.length === 0;
}

export function isEmptyPatch(patch: ContactPatch): boolean {
  return Object.keys(patch).length === 0;
}

/** A change HighLevel has no way to take stays in DeskFlow. */
function isPushable(
  field: FieldName,
  base: ContactFields,
  local: ContactFields,
  call: 'create' | 'update',
): boolean {
  if (tagOf(field) !== undefined) return true;
  const value = local[field];
  if (!isStanding(field)) return customFieldInput(field, base[field], value) !== undefined;
  const rule = FIELDS[field];
  if (rule.push === 'never' || (rule.push === 'on-create' && call === 'update')) return false;
  return value === undefined ? rule.clearable : isAccepted(field, value);
}

/** Values of any other form HighLevel would refuse, and with them the whole call. */
const ACCEPTED: Readonly<Partial<Record<FieldName, (text: string) => boolean>>> = {
  email: isEmail,
  phone: isE164,
  country: (text) => countryName(text) !== undefined,
  dateOfBirth: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text),
};

function isAccepted(field: FieldName, value: JsonValue): boolean {
  return typeof value === 'string' && (ACCEPTED[field]?.(value) ?? true);
}

interface CallBody {
  readonly standing: ContactPatch;
  readonly customFields: CustomFieldInput[];
}

function body(fields: readonly FieldName[], base: ContactFields, local: ContactFields): CallBody {
  const standing = fields
    .filter(isStanding)
    .map((field): [StandingField, JsonValue] => [field, local[field] ?? null]);
  return {
    standing: Object.fromEntries(standing),
    customFields: fields.flatMap((field) => customFieldInput(field, base[field], local[field]) ?? []),
  };
}

/** Cleared by an empty value of its own kind; a number or file has none (HL 5.8). */
function customFieldInput(
  field: FieldName,
  base: JsonValue | undefined,
  value: JsonValue | undefined,
): CustomFieldInput | undefined {
  const id = customFieldIdOf(field);
  if (id === undefined) return undefined;
  if (typeof value === 'string' || typeof value === 'number' || isTexts(value))
    return { id, field_value: value };
  if (value !== undefined) return undefined;
  if (typeof base === 'string') return { id, field_value: '' };
  return Array.isArray(base) ? { id, field_value: [] } : undefined;
}

function isTexts(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function changesTo(local: ContactFields, changed: readonly FieldName[]): FieldChanges {
  return new Map(changed.map((field) => [field, local[field]]));
}

function tagText(field: FieldName): string {
  return tagOf(field) ?? '';
}
