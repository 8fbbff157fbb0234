import { DomainError } from '#libs/errors';
import { text } from '#libs/i18n';

/** The body claims to be JSON and is not, or holds a key that pollutes prototypes. */
export class MalformedJson extends DomainError {
  readonly code = 'malformed_json';
  constructor() {
    super(text('error.malformed_json'));
  }
}

/** The route takes no body of this content type. */
export class UnsupportedMediaType extends DomainError {
  readonly code = 'unsupported_media_type';
  constructor() {
    super(text('error.unsupported_media_type'));
  }
}
