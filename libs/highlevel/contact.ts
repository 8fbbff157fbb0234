import { booleanOf, isRecord, listOf, present, textOf, textsOf } from './untyped-json.js';

/** State of a block: `active` = do not contact, `permanent` = only the contact can lift it (HL 4.7). */
export type DndStatus = 'active' | 'inactive' | 'permanent';

export interface DndSetting {
  status?: DndStatus;
  message?: string;
  code?: string;
}

/** Keyed by channel: `Call`, `Email`, `SMS`, `WhatsApp`, `GMB`, `FB`, in practice also `RCS` (HL 4.7). */
export type DndSettings = Record<string, DndSetting>;

/** `value` is a string, number, array of strings or, for files, an object (HL 5.8). */
export interface CustomFieldValue {
  id: string;
  value?: unknown;
}

/**
 * A contact as the calls of the API and the contact events carry it, whichever spelling they use.
 * Everything but the id may be missing. In an answer of the API that means "empty"; in an event it means
 * "empty or not sent" (HL 4.7).
 */
export interface HighLevelContact {
  id: string;
  locationId?: string;
  name?: string;
  firstName?: string;
  lastName?: string;
  email?: string;
  phone?: string;
  companyName?: string;
  businessId?: string;
  address1?: string;
  city?: string;
  state?: string;
  postalCode?: string;
  /** Two-letter code; search may answer a full name (HL 5.2). */
  country?: string;
  website?: string;
  timezone?: string;
  source?: string;
  type?: string;
  /** User id. */
  assignedTo?: string;
  dateOfBirth?: string;
  dateAdded?: string;
  dateUpdated?: string;
  /** The complete list, never a delta. */
  tags?: string[];
  followers?: string[];
  /** All channels at once. */
  dnd?: boolean;
  dndSettings?: DndSettings;
  customFields?: CustomFieldValue[];
  deleted?: boolean;
  /** Where the next page of a search begins when this is the last contact of a page (HL 5.2). */
  searchAfter?: unknown[];
}

type Nullable<T> = { [K in keyof T]?: T[K] | null };

/** Written as `{ id, field_value }`, read as `{ id, value }` (HL 5.8). Ids only: reports on keys differ. */
export interface CustomFieldInput {
  id: string;
  field_value: unknown;
}

interface WritableAlways {
  postalCode?: string;
  country?: string;
  dnd?: boolean;
  dndSettings?: DndSettings;
  /** Replaces all tags of the contact in an update or upsert (HL 5.5): use the tag calls for increments. */
  tags?: string[];
  customFields?: CustomFieldInput[];
}

type WritableText = Nullable<
  Pick<
    HighLevelContact,
    | 'name'
    | 'firstName'
    | 'lastName'
    | 'email'
    | 'phone'
    | 'address1'
    | 'city'
    | 'state'
    | 'website'
    | 'timezone'
    | 'dateOfBirth'
  >
>;

/** Body of an update (HL 5.6): what is left out stays, `null` clears. `companyName` cannot be updated. */
export interface ContactPatch extends WritableText, WritableAlways {
  source?: string | null;
  assignedTo?: string | null;
}

/** Body of a create; the client adds the location. */
export interface ContactInput extends WritableText, WritableAlways {
  companyName?: string | null;
  gender?: string;
  source?: string;
  assignedTo?: string;
}

export interface ContactUpsert extends ContactInput {
  /** Only where the location allows duplicates (HL 5.9). */
  createNewIfDuplicateAllowed?: boolean;
}

const DND_STATUSES: readonly unknown[] = ['active', 'inactive', 'permanent'];

/**
 * Reads a contact out of an answer or event; undefined when it has no id.
 * Mind that an event's own `type` is its name, not the contact's type.
 * The fields are a closed list, so that `ssn`, which get-by-id may carry (HL 5.4), ends here.
 */
export function readContact(value: unknown): HighLevelContact | undefined {
  const id = readContactId(value);
  if (id === undefined || !isRecord(value)) return undefined;
  return present({
    id,
    locationId: textOf(value.locationId),
    name: textOf(value.name) ?? textOf(value.contactName),
    firstName: textOf(value.firstName),
    lastName: textOf(value.lastName),
    email: textOf(value.email),
    phone: textOf(value.phone),
    companyName: textOf(value.companyName),
    businessId: textOf(value.businessId),
    address1: textOf(value.address1) ?? textOf(value.address), // search says `address` (HL 5.2)
    city: textOf(value.city),
    state: textOf(value.state),
    postalCode: typeof value.postalCode === 'number' ? String(value.postalCode) : textOf(value.postalCode),
    country: textOf(value.country),
    website: textOf(value.website),
    timezone: textOf(value.timezone),
    source: textOf(value.source),
    type: textOf(value.type),
    assignedTo: textOf(value.assignedTo),
    dateOfBirth: dateOf(value.dateOfBirth),
    dateAdded: dateOf(value.dateAdded),
    dateUpdated: dateOf(value.dateUpdated),
    tags: textsOf(value.tags),
    followers: textsOf(value.followers),
    dnd: booleanOf(value.dnd),
    dndSettings: readDndSettings(value.dndSettings),
    customFields: listOf(value.customFields, readCustomField),
    deleted: booleanOf(value.deleted),
    searchAfter: Array.isArray(value.searchAfter) ? value.searchAfter : undefined,
  });
}

/** What `readContact` returns has this id; where this is undefined, so is that. */
export function readContactId(value: unknown): string | undefined {
  return isRecord(value) ? textOf(value.id) : undefined;
}

/** ISO text as it came; epoch milliseconds become ISO text. */
function dateOf(value: unknown): string | undefined {
  if (typeof value !== 'number') return textOf(value);
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Answers and events say `value`; `field_value` and `fieldValue` are the spellings of requests (HL 1.4, 5.8). */
function readCustomField(value: unknown): CustomFieldValue | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id);
  if (id === undefined) return undefined;
  return present({ id, value: value.value ?? value.field_value ?? value.fieldValue });
}

function readDndSettings(value: unknown): DndSettings | undefined {
  if (!isRecord(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([channel, setting]) =>
      isRecord(setting) ? [[channel, readDndSetting(setting)]] : [],
    ),
  );
}

function readDndSetting(setting: Readonly<Record<string, unknown>>): DndSetting {
  return present({
    status: DND_STATUSES.includes(setting.status) ? (setting.status as DndStatus) : undefined,
    message: typeof setting.message === 'string' ? setting.message : undefined,
    code: typeof setting.code === 'string' ? setting.code : undefined,
  });
}
