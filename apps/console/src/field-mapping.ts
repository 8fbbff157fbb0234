import type { ContactDto, ShownFieldDto } from './api/schema';

const CUSTOM_FIELD = 'customFields.';
const ATTRIBUTES = 'custom_attributes.';
/** What the service accepts: a key of its own is only that of the field itself (docs/contact-sync.md). */
const FREE_ATTRIBUTE = /^(?!ghl_)[A-Za-z0-9_]{1,100}$/;

export function isCustom({ field }: Pick<ShownFieldDto, 'field'>): boolean {
  return field.startsWith(CUSTOM_FIELD);
}

/** The key of a custom field under DeskFlow's `custom_attributes`. */
export function attributeOf({ deskflow }: Pick<ShownFieldDto, 'deskflow'>): string {
  return deskflow.startsWith(ATTRIBUTES) ? deskflow.slice(ATTRIBUTES.length) : '';
}

/**
 * What is wrong with an attribute as typed, before the service has to say so.
 * @returns undefined where nothing is; a blank one stands for the standard key
 */
export function attributeComplaint(
  field: Pick<ShownFieldDto, 'field' | 'deskflow'> & { readonly attribute: string },
  all: readonly (Pick<ShownFieldDto, 'field'> & { readonly attribute: string })[],
): 'not_a_key' | 'taken' | undefined {
  const attribute = field.attribute.trim();
  if (attribute === '' || attribute === attributeOf(field)) return undefined;
  const ownKey = `ghl_field_${field.field.slice(CUSTOM_FIELD.length)}`;
  if (!FREE_ATTRIBUTE.test(attribute) && attribute !== ownKey) return 'not_a_key';
  const isTaken = all.some((other) => other.field !== field.field && other.attribute.trim() === attribute);
  return isTaken ? 'taken' : undefined;
}

/** What a contact has at a path such as `custom_attributes.budget`; empty where nothing is. */
export function valueAt(contact: ContactDto, path: string): string {
  const [first = '', ...rest] = path.split('.');
  const key = rest.join('.');
  const top = (contact as unknown as Record<string, unknown>)[first];
  const value = key === '' ? top : (top as Record<string, unknown> | undefined)?.[key];
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
