import { ValidationFailed } from '#libs/errors';
import { complaint, nameOfAttribute, text } from '#libs/i18n';

export type UniqueAttribute = 'email' | 'phone_number' | 'identifier';

/** Another contact of the account has the value. The sentence is Rails' (DM 3). */
export class ContactTaken extends ValidationFailed {
  constructor(readonly attribute: UniqueAttribute) {
    super(complaint(text('validation.taken'), nameOfAttribute(attribute)), [attribute]);
  }
}
