import { DomainError } from '#libs/errors';

/** Why a stored token cannot be read. Chosen so that an operator knows what to mend. */
export type UnreadableReason =
  | 'malformed_envelope'
  | 'no_keys_configured'
  | 'unknown_key_reference'
  | 'invalid_tag_length'
  | 'not_authentic'
  | 'not_compressed'
  | 'not_text';

/** A stored value that looks encrypted and cannot be decrypted. Names the hook, never the value. */
export class TokenUnreadable extends DomainError {
  readonly code = 'token_unreadable';

  constructor(
    readonly hookId: number,
    readonly reason: UnreadableReason,
  ) {
    super(`The stored token of hook ${hookId} cannot be decrypted (${reason})`, { hook_id: hookId, reason });
  }
}
