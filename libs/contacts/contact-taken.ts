import { ValidationFailed } from '#libs/errors';

export type UniqueAttribute = 'email' | 'phone_number' | 'identifier';

const NAMES: Readonly<Record<UniqueAttribute, string>> = {
  email: 'Email',
  phone_number: 'Phone number',
  identifier: 'Identifier',
};

/** Another contact of the account has the value. The sentence is Rails' (DM 3). */
export class ContactTaken extends ValidationFailed {
  constructor(readonly attribute: UniqueAttribute) {
    super(`${NAMES[attribute]} has already been taken`, [attribute]);
  }
}
