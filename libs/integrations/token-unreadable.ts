import { DomainError } from '#libs/errors';
import { nameOfSubject, type TokenSubject } from './token-subject.js';

/** Why a stored token cannot be read. Chosen so that an operator knows what to mend. */
export type UnreadableReason =
  | 'malformed_envelope'
  | 'no_keys_configured'
  | 'unknown_key_reference'
  | 'invalid_tag_length'
  | 'not_authentic'
  | 'not_compressed'
  | 'not_text';

/** A stored value that looks encrypted and cannot be decrypted. Names the hook or agency, never the value. */
export class TokenUnreadable extends DomainError {
  readonly code = 'token_unreadable';

  constructor(
    readonly subject: TokenSubject,
    readonly reason: UnreadableReason,
  ) {
    super(`The stored token of ${nameOfSubject(subject)} cannot be decrypted (${reason})`, {
      ...subject,
      reason,
    });
  }
}
