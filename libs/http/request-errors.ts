import { DomainError } from '#libs/errors';

/** The body claims to be JSON and is not, or holds a key that pollutes prototypes. */
export class MalformedJson extends DomainError {
  readonly code = 'malformed_json';
  constructor() {
    super('The request body is not valid JSON');
  }
}

/** The route takes no body of this content type. */
export class UnsupportedMediaType extends DomainError {
  readonly code = 'unsupported_media_type';
  constructor() {
    super('The content type of the request body is not supported here');
  }
}
