import { DomainError } from '#libs/errors';
import { type SignatureRefusal } from '#libs/highlevel';

/** Nobody we trust signed these bytes. */
export class SignatureRejected extends DomainError {
  readonly code = 'signature_rejected';

  constructor(reason: SignatureRefusal) {
    super(`The signature is refused: ${reason}`);
  }
}
