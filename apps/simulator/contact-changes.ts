import { parsePhoneNumberFromString, isSupportedCountry } from 'libphonenumber-js';
import { type ContactChanges } from './contact-input.js';
import { type Contact, type DndSetting, type FieldValue } from './model.js';

/**
 * The contact after the changes, `dateUpdated` aside; equal content when nothing changed.
 * @param country the location's: the region of phone numbers written without one
 */
export function applyChanges(contact: Contact, changes: ContactChanges, country: string): Contact {
  const { name, phone, tags, customFields, dnd, dndSettings, inboundDndSettings, ...texts } = changes;
  return withoutEmpty({
    ...contact,
    ...splitName(name),
    ...texts,
    ...(phone !== undefined && { phone: phone === null ? null : internationalNumber(phone, country) }),
    ...(tags && { tags }),
    ...(customFields && { customFields: mergeFields(contact.customFields, customFields) }),
    ...(dnd !== undefined && { dnd }),
    ...(dndSettings && { dndSettings: mergeBlocks(contact.dndSettings, dndSettings) }),
    ...(inboundDndSettings && {
      inboundDndSettings: mergeBlocks(contact.inboundDndSettings, inboundDndSettings),
    }),
  });
}

/** A number written without a country code is the location's (HL 5.5); what is no number stays as it came. */
export function internationalNumber(text: string, country: string): string {
  const parsed = parsePhoneNumberFromString(text, isSupportedCountry(country) ? country : undefined);
  return parsed?.isPossible() ? parsed.number : text;
}

/** First word and the rest. First and last name that come with it win. */
function splitName(name: string | null | undefined): { firstName?: string | null; lastName?: string | null } {
  if (name === undefined) return {};
  if (name === null) return { firstName: null, lastName: null };
  const [first = '', ...rest] = name.split(/\s+/);
  return { firstName: first, lastName: rest.join(' ') };
}

/** Fields that are not named keep their value; an empty value removes one. */
function mergeFields(before: readonly FieldValue[], changes: readonly FieldValue[]): FieldValue[] {
  const merged = new Map(before.map(({ id, value }) => [id, value]));
  for (const { id, value } of changes) {
    if (isEmpty(value)) merged.delete(id);
    else merged.set(id, value);
  }
  return [...merged].map(([id, value]) => ({ id, value }));
}

function mergeBlocks(
  before: Readonly<Record<string, DndSetting>> | undefined,
  changes: Readonly<Record<string, DndSetting>>,
): Record<string, DndSetting> {
  return { ...before, ...changes };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Null and '' mean "no value", which is kept and sent as no key at all. */
function withoutEmpty(contact: { [K in keyof Contact]: Contact[K] | null }): Contact {
  const entries: [string, unknown][] = Object.entries(contact);
  const kept = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return Object.fromEntries(kept) as unknown as Contact;
}
