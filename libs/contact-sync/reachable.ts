import { isE164, isEmail } from '#libs/contacts';
import { type ContactFields } from './canonical-contact.js';

/** By what a contact can be told from others. */
export interface Reachable {
  readonly email: string | null;
  readonly phoneNumber: string | null;
}

/** The e-mail and phone that DeskFlow's columns can take. */
export function identityOf(fields: ContactFields): Reachable {
  const valid = (value: unknown, fits: (text: string) => boolean): string | null =>
    typeof value === 'string' && fits(value) ? value : null;
  return { email: valid(fields.email, isEmail), phoneNumber: valid(fields.phone, isE164) };
}
