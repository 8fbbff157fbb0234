import { isDeepStrictEqual } from 'node:util';
import { type Contact, ContactType } from '#libs/database';
import { emailColumn, identifierColumn, phoneColumn } from './contact-identity.js';
import { type JsonRecord, type JsonValue } from './json.js';
import { clipText, storableRecord, storableText } from './storable.js';

/** What a writer may say about a contact. Attribute objects are complete, not merged into what is there. */
export interface ContactChanges {
  name?: string | null;
  email?: string | null;
  phoneNumber?: string | null;
  identifier?: string | null;
  blocked?: boolean;
  ghlContactId?: string | null;
  additionalAttributes?: object | null;
  customAttributes?: object | null;
}

/** The columns that follow from those, as Rails' callbacks would leave them. */
export interface ContactColumns {
  readonly name: string;
  readonly email: string | null;
  readonly phoneNumber: string | null;
  readonly identifier: string | null;
  readonly blocked: boolean;
  readonly ghlContactId: string | null;
  readonly additionalAttributes: JsonRecord;
  readonly customAttributes: JsonRecord;
  readonly location: string;
  readonly countryCode: string;
  readonly contactType: ContactType;
}

type Stored = Pick<Contact, keyof ContactColumns>;

/** The columns after `changes` to `current`, or of a new contact. */
export function contactColumns(changes: ContactChanges, current?: Stored): ContactColumns {
  const after = current ? { ...current, ...withoutUndefined(changes) } : changes;
  const additional = storableRecord(after.additionalAttributes);
  const email = emailColumn(after.email);
  const phoneNumber = phoneColumn(after.phoneNumber);
  return {
    name: clipText(storableText(after.name ?? '')),
    // Only what changes is normalised: a row that somebody else made keeps its spelling.
    email: changes.email === undefined && current ? current.email : email,
    phoneNumber: changes.phoneNumber === undefined && current ? current.phoneNumber : phoneNumber,
    identifier: identifierColumn(after.identifier),
    blocked: after.blocked ?? false,
    ghlContactId: identifierColumn(after.ghlContactId),
    additionalAttributes: additional,
    customAttributes: storableRecord(after.customAttributes),
    location: mirror(additional['city']),
    countryCode: mirror(additional['country']), // sic (DM 1)
    contactType: contactType(current?.contactType, email ?? phoneNumber, additional),
  };
}

/** Whether writing `columns` would change the row. */
export function differs(columns: ContactColumns, current: Stored): boolean {
  return (Object.keys(columns) as (keyof ContactColumns)[]).some(
    (column) => !isDeepStrictEqual(columns[column], current[column] ?? emptyOf(column)),
  );
}

/** A visitor becomes a lead as soon as he can be reached (DM 1). */
function contactType(
  current: ContactType | null | undefined,
  address: string | null,
  additional: JsonRecord,
): ContactType {
  if (current) return current;
  const isReachable = address !== null || Object.entries(additional).some(isSocialProfile);
  return isReachable ? ContactType.lead : ContactType.visitor;
}

function isSocialProfile([key, value]: [string, JsonValue]): boolean {
  if (!key.startsWith('social_') || !value) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function mirror(attribute: unknown): string {
  return typeof attribute === 'string' ? clipText(attribute) : '';
}

/** Nullable columns of the table that Rails fills with these. */
function emptyOf(column: keyof ContactColumns): unknown {
  const empty: Partial<Record<keyof ContactColumns, unknown>> = {
    name: '',
    location: '',
    countryCode: '',
    contactType: ContactType.visitor,
    additionalAttributes: {},
    customAttributes: {},
  };
  return column in empty ? empty[column] : null;
}

function withoutUndefined(changes: ContactChanges): ContactChanges {
  const said: Record<string, unknown> = {};
  for (const column of Object.keys(changes) as (keyof ContactChanges)[])
    if (changes[column] !== undefined) said[column] = changes[column];
  return said;
}
