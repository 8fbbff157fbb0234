import { type JsonValue } from '#libs/contacts';
import { calendarDate } from './calendar-date.js';
import {
  type ContactFields,
  customField,
  type CustomField,
  customFieldIdOf,
  type FieldName,
  FIELDS,
  isStanding,
  present,
  sameValue,
  STANDING_FIELDS,
  tagOf,
} from './canonical-contact.js';

/** `in`: HighLevel decides. `out`: DeskFlow decides. `off`: neither tells the other. */
export const FIELD_DIRECTIONS = ['both', 'in', 'out', 'off'] as const;
export type FieldDirection = (typeof FIELD_DIRECTIONS)[number];

/** All tags and labels, as one field. */
export const TAGS = 'tags';

/** What an account chose for a field of a location; fields without a choice are as `FIELDS` has them. */
export interface FieldMapping {
  readonly field: FieldName | typeof TAGS;
  readonly direction: FieldDirection;
  /** Of a custom field: the custom attribute of DeskFlow that it is; `ghl_field_<id>` unless chosen. */
  readonly attribute: string | null;
  /** Of a custom field: HighLevel's name for its kind, where that is known (HL 5.8). */
  readonly dataType: string | null;
}

const CUSTOM_FIELD_PREFIX = 'ghl_field_';
const NUMBERS = new Set(['NUMERICAL', 'MONETORY']);
const LISTS = new Set(['CHECKBOX', 'MULTIPLE_OPTIONS']);
const FILES = new Set(['FILE_UPLOAD', 'SIGNATURE']);

/** The attribute of a custom field that nobody has given another one. */
export function defaultAttribute(customFieldId: string): string {
  return CUSTOM_FIELD_PREFIX + customFieldId;
}

/** Where HighLevel's to decide (`push: never`), a field only comes in. */
export function standardDirection(field: FieldMapping['field']): FieldDirection {
  return field !== TAGS && isStanding(field) && FIELDS[field].push === 'never' ? 'in' : 'both';
}

/** What of a contact is what on the other side, and which way it goes, for one location. */
export class FieldMap {
  /** Of those with the same key one is as good as the other. */
  readonly key: string;
  private readonly byField: ReadonlyMap<string, FieldMapping>;
  private readonly byAttribute: ReadonlyMap<string, CustomField>;
  /** Fields in which one side's changes do not count. */
  private readonly unheard: Readonly<Record<'local' | 'remote', readonly FieldMapping['field'][]>>;

  constructor(mappings: readonly FieldMapping[] = []) {
    this.key = JSON.stringify(mappings);
    this.byField = new Map(mappings.map((mapping) => [mapping.field, mapping]));
    this.byAttribute = new Map(
      mappings.flatMap(({ field, attribute }): [string, CustomField][] =>
        attribute === null ? [] : [[attribute, field as CustomField]],
      ),
    );
    const all = [...new Set([...STANDING_FIELDS, ...mappings.map(({ field }) => field)])];
    const those = (...directions: FieldDirection[]): FieldMapping['field'][] =>
      all.filter((field) => directions.includes(this.directionOf(field)));
    this.unheard = { local: those('in', 'off'), remote: those('out', 'off') };
  }

  directionOf(field: FieldMapping['field']): FieldDirection {
    return this.byField.get(field)?.direction ?? standardDirection(field);
  }

  attributeOf(customFieldId: string): string {
    return this.byField.get(customField(customFieldId))?.attribute ?? defaultAttribute(customFieldId);
  }

  /** @returns undefined for an attribute that is no custom field of HighLevel */
  fieldOf(attribute: string): CustomField | undefined {
    const chosen = this.byAttribute.get(attribute);
    if (chosen || !attribute.startsWith(CUSTOM_FIELD_PREFIX)) return chosen;
    const field = customField(attribute.slice(CUSTOM_FIELD_PREFIX.length));
    return this.byField.get(field)?.attribute == null ? field : undefined;
  }

  /** DeskFlow's side without the changes that HighLevel is not to hear of. */
  heardOfLocal(local: ContactFields, base: ContactFields): ContactFields {
    return withBase(local, base, this.unheard.local);
  }

  /** HighLevel's side without the changes that DeskFlow is not to hear of. */
  heardOfRemote(remote: ContactFields, base: ContactFields): ContactFields {
    return withBase(remote, base, this.unheard.remote);
  }

  /** HighLevel's value of a custom field as DeskFlow's attribute shows it. */
  shown(field: CustomField, value: JsonValue | undefined): JsonValue | undefined {
    const type = this.byField.get(field)?.dataType ?? '';
    if (NUMBERS.has(type)) return numberIn(value) ?? value;
    if (type === 'DATE' && typeof value === 'string') return calendarDate(value);
    return value;
  }

  /**
   * An attribute of DeskFlow as HighLevel's custom field has it. What still shows `base` stands for that.
   * What such a field cannot take stays in DeskFlow.
   */
  told(field: CustomField, value: JsonValue, base: JsonValue | undefined): JsonValue | undefined {
    if (sameValue(value, this.shown(field, base))) return base;
    const type = this.byField.get(field)?.dataType ?? '';
    if (NUMBERS.has(type)) return numberIn(value) ?? base;
    if (LISTS.has(type)) return typeof value === 'string' ? [value] : value;
    if (FILES.has(type)) return base;
    if (type !== '' && (typeof value === 'number' || typeof value === 'boolean')) return String(value);
    return value;
  }
}

function withBase(
  fields: ContactFields,
  base: ContactFields,
  unheard: readonly FieldMapping['field'][],
): ContactFields {
  if (unheard.length === 0) return fields;
  const names = new Set<string>(unheard);
  const isUnheard = (field: FieldName): boolean =>
    names.has(field) || (names.has(TAGS) && tagOf(field) !== undefined);
  const keep = (from: ContactFields, wanted: boolean): ContactFields =>
    Object.fromEntries(Object.entries(from).filter(([field]) => isUnheard(field as FieldName) === wanted));
  return present({ ...keep(fields, false), ...keep(base, true) });
}

function numberIn(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  const text = typeof value === 'string' ? value.trim() : '';
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : undefined;
}

/** Whether a mapping may name an attribute. */
export function isCustomField(field: FieldMapping['field']): field is CustomField {
  return field !== TAGS && customFieldIdOf(field) !== undefined;
}
