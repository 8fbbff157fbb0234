import { unprocessable } from './api-error.js';
import { readBirthday } from './birthday.js';
import { type DndSetting, type FieldValue, type Json } from './model.js';
import { isRecord } from './records.js';

/** Fields of a contact that hold text, and `name`, which is split into its parts. */
export const TEXT_FIELDS = [
  'name',
  'firstName',
  'lastName',
  'email',
  'phone',
  'companyName',
  'address1',
  'city',
  'state',
  'postalCode',
  'country',
  'website',
  'timezone',
  'gender',
  'source',
  'assignedTo',
] as const;

type TextField = (typeof TEXT_FIELDS)[number];

/** What a caller wants changed; null clears, what is absent stays. */
export interface ContactChanges extends Partial<Record<TextField | 'dateOfBirth', string | null>> {
  /** Replaces all tags (HL 5.5). */
  tags?: string[];
  customFields?: FieldValue[];
  dnd?: boolean;
  dndSettings?: Record<string, DndSetting>;
  inboundDndSettings?: Record<string, DndSetting>;
}

export type ContactCall = 'create' | 'upsert' | 'update' | 'control';

export interface ContactInputRules {
  call: ContactCall;
  /** Whether fields the official schema does not have are refused rather than dropped. */
  rejectUnknown: boolean;
  /** Finds a custom field's id by its key, with or without `contact.` (HL 5.8). */
  fieldIdByKey(key: string): string | undefined;
}

/** `RCS` is in real events and in no schema (HL 4.7). */
const CHANNELS = ['Call', 'Email', 'SMS', 'WhatsApp', 'GMB', 'FB', 'RCS'];
const STATUSES = ['active', 'inactive', 'permanent'];
/** The schemas let these be sent, but not as null (HL 5.5). */
const NEVER_NULL: Readonly<Record<ContactCall, readonly string[]>> = {
  create: ['postalCode', 'country', 'gender', 'source', 'assignedTo'],
  upsert: ['postalCode', 'country', 'gender', 'source', 'assignedTo'],
  update: ['postalCode', 'country'],
  control: [],
};
/** Beside or without the fields every call has (HL 5.5). */
const EXTRA: Readonly<Record<ContactCall, readonly string[]>> = {
  create: ['locationId', 'companyName', 'gender'],
  upsert: ['locationId', 'companyName', 'gender', 'createNewIfDuplicateAllowed'],
  update: [],
  control: ['companyName', 'gender'],
};
const OTHER_FIELDS = ['dateOfBirth', 'tags', 'customFields', 'dnd', 'dndSettings', 'inboundDndSettings'];

/**
 * Reads the body of a contact call.
 * @throws ApiError 422 with everything that is wrong, in the wording of HighLevel's validation library
 */
export function readContactInput(body: Json, rules: ContactInputRules): ContactChanges {
  const allowed = fieldsOf(rules.call);
  const reader = new ContactReader(rules);
  const changes: ContactChanges = {};
  for (const [field, value] of Object.entries(body)) {
    if (!allowed.has(field)) {
      if (rules.rejectUnknown) reader.problems.push(`property ${field} should not exist`);
    } else if (value !== undefined) {
      reader.readInto(changes, field, value);
    }
  }
  if (reader.problems.length > 0) throw unprocessable(reader.problems);
  return changes;
}

function fieldsOf(call: ContactCall): Set<string> {
  const common = TEXT_FIELDS.filter((field) => field !== 'companyName' && field !== 'gender');
  return new Set<string>([...common, ...OTHER_FIELDS, ...EXTRA[call]]);
}

class ContactReader {
  readonly problems: string[] = [];

  constructor(private readonly rules: ContactInputRules) {}

  readInto(changes: ContactChanges, field: string, value: unknown): void {
    if (isTextField(field)) changes[field] = this.text(field, value);
    else if (field === 'dateOfBirth') changes.dateOfBirth = this.birthday(value);
    else if (field === 'tags') changes.tags = this.tags(value);
    else if (field === 'customFields') changes.customFields = this.customFields(value);
    else if (field === 'dnd') changes.dnd = this.flag(field, value);
    else if (field === 'dndSettings') changes.dndSettings = this.blocks(field, value, CHANNELS, STATUSES);
    else if (field === 'inboundDndSettings')
      changes.inboundDndSettings = this.blocks(field, value, ['all'], STATUSES.slice(0, 2));
    else if (field === 'createNewIfDuplicateAllowed') this.flag(field, value);
  }

  private text(field: TextField, value: unknown): string | null {
    if (value === null && !NEVER_NULL[this.rules.call].includes(field)) return null;
    if (typeof value !== 'string') this.problems.push(`${field} must be a string`);
    else if (field === 'email' && value !== '' && !/^[^\s@]+@[^\s@]+$/.test(value.trim()))
      this.problems.push('email must be an email');
    else return value.trim() || null;
    return null;
  }

  private birthday(value: unknown): string | null {
    if (value === null || value === '') return null;
    const day = readBirthday(value);
    if (day === undefined) this.problems.push('dateOfBirth must be a valid date');
    return day ?? null;
  }

  private flag(field: string, value: unknown): boolean {
    if (typeof value !== 'boolean') this.problems.push(`${field} must be a boolean value`);
    return value === true;
  }

  private tags(value: unknown): string[] {
    try {
      return readTags(value);
    } catch {
      this.problems.push('each value in tags must be a string');
      return [];
    }
  }

  private customFields(value: unknown): FieldValue[] {
    if (!Array.isArray(value)) {
      this.problems.push('customFields must be an array');
      return [];
    }
    return value.flatMap((field: unknown, index) => {
      const record = isRecord(field) ? field : {};
      const id = this.fieldId(record);
      if (id === undefined) this.problems.push(`customFields.${index}.id should not be empty`);
      return id === undefined ? [] : [{ id, value: record['field_value'] ?? record['value'] ?? null }];
    });
  }

  private fieldId({ id, key }: Json): string | undefined {
    if (typeof id === 'string' && id !== '') return id;
    return typeof key === 'string' ? this.rules.fieldIdByKey(key) : undefined;
  }

  private blocks(
    field: string,
    value: unknown,
    channels: readonly string[],
    statuses: readonly string[],
  ): Record<string, DndSetting> {
    if (!isRecord(value)) {
      this.problems.push(`${field} must be an object`);
      return {};
    }
    const blocks: Record<string, DndSetting> = {};
    for (const [channel, block] of Object.entries(value)) {
      const { status, message, code } = isRecord(block) ? block : {};
      if (!channels.includes(channel)) this.problems.push(`${field}.property ${channel} should not exist`);
      else if (typeof status !== 'string' || !statuses.includes(status))
        this.problems.push(
          `${field}.${channel}.status must be one of the following values: ${statuses.join(', ')}`,
        );
      else
        blocks[channel] = {
          status: status as DndSetting['status'],
          ...(typeof message === 'string' && { message }),
          ...(typeof code === 'string' && { code }),
        };
    }
    return blocks;
  }
}

/** Trimmed, lower case (HL 5.10), each once. @throws ApiError 422 */
export function readTags(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((tag): tag is string => typeof tag === 'string'))
    throw unprocessable(['tags must be an array', 'each value in tags must be a string']);
  return [...new Set(value.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ''))];
}

function isTextField(field: string): field is TextField {
  return (TEXT_FIELDS as readonly string[]).includes(field);
}
