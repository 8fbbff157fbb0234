import { clipText, fitsColumn, storableText } from './storable.js';

/** Devise's pattern: one `@`, something on both sides, no white space (DM 2). */
export const EMAIL_PATTERN = /^[^@\s]+@[^@\s]+$/;

/** Chatwoot's pattern, anchored at both ends, which Chatwoot's own is not (DM 2). */
export const E164_PATTERN = /^\+[1-9]\d{1,14}$/;

/** An e-mail address as DeskFlow stores it; null for blank. It may still be invalid. */
export function normaliseEmail(text: string | null | undefined): string | null {
  return (
    storableText(text ?? '')
      .trim()
      .toLowerCase() || null
  );
}

export function isEmail(text: string): boolean {
  return EMAIL_PATTERN.test(text) && fitsColumn(text);
}

export function isE164(text: string): boolean {
  return E164_PATTERN.test(text);
}

/** What `contacts.email` may hold: null where the address would make the row invalid for Rails. */
export function emailColumn(text: string | null | undefined): string | null {
  const email = normaliseEmail(text);
  return email !== null && isEmail(email) ? email : null;
}

/** What `contacts.phone_number` may hold. */
export function phoneColumn(text: string | null | undefined): string | null {
  const phone = text?.trim() ?? '';
  return isE164(phone) ? phone : null;
}

/** What `contacts.identifier` may hold: '' would collide in its unique index (DM 1). */
export function identifierColumn(text: string | null | undefined): string | null {
  return clipText(storableText(text ?? '').trim()) || null;
}
