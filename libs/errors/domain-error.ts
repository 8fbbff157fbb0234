import { say, text, type Words } from '#libs/i18n';

/**
 * Every way in which this service refuses or fails, as the machine code an API answer carries.
 * `libs/http` maps each to status and sentence; a code added here does not compile there until it is mapped.
 */
export const ERROR_CODES = [
  'account_suspended',
  'bad_request',
  'bot_not_authorized',
  'conflict',
  'event_not_replayable',
  'headers_too_large',
  'highlevel_refused',
  'highlevel_unavailable',
  'internal_error',
  'invalid_access_token',
  'invalid_credentials',
  'location_already_connected',
  'malformed_json',
  'not_a_member',
  'not_authorized',
  'not_configured',
  'not_connected',
  'not_found',
  'otp_required',
  'outside_replay_window',
  'parameter_missing',
  'payload_too_large',
  'reauthorization_required',
  'request_timeout',
  'signature_rejected',
  'sso_refused',
  'throttled',
  'token_unreadable',
  'unauthenticated',
  'unavailable',
  'unsupported_media_type',
  'uri_too_long',
  'validation_failed',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Facts about an error that may be shown to the caller: ids and names, never a secret. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * An error with a meaning. Thrown free of HTTP and of languages; one filter in `libs/http` turns it into an answer. Its
 * `message` is English, for the log.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;

  readonly #words: Words | undefined;

  /** @param words what people are told; a plain text is for the log alone, and they are told what its code means */
  constructor(
    words: Words | string,
    readonly fields: ErrorFields = {},
    options?: ErrorOptions,
  ) {
    super(typeof words === 'string' ? words : say('en', words), options);
    this.name = new.target.name;
    this.#words = typeof words === 'string' ? undefined : words;
  }

  /** What people are told, in whatever language; undefined where the code says it all. */
  get words(): Words | undefined {
    return this.#words;
  }
}

/** The request makes no sense as it was sent, whatever state things are in. */
export class BadRequest extends DomainError {
  readonly code = 'bad_request';
}

/** The request contradicts the state of things; it may be right later. */
export class Conflict extends DomainError {
  readonly code = 'conflict';
}

/** A record or account that does not exist, or that the caller's account does not own. */
export class NotFound extends DomainError {
  readonly code = 'not_found';
  constructor(what: string, options?: ErrorOptions) {
    super(`${what} not found`, {}, options);
  }
}

/** The request was understood and its content refused. `attributes` names the fields, as Rails does (DM 3). */
export class ValidationFailed extends DomainError {
  readonly code = 'validation_failed';
  constructor(
    words: Words,
    readonly attributes: readonly string[],
    options?: ErrorOptions,
  ) {
    super(words, {}, options);
  }
}

/** A parameter that must be there is absent or blank. The sentence is Rails' (DM 3). */
export class ParameterMissing extends DomainError {
  readonly code = 'parameter_missing';
  constructor(parameter: string) {
    super(text('request.parameter_missing', { parameter }));
  }
}

/** GHL_CLIENT_ID or GHL_CLIENT_SECRET is missing in installation_configs and in the environment. */
export class NotConfigured extends DomainError {
  readonly code = 'not_configured';
  constructor() {
    super(text('error.not_configured'));
  }
}

/** Nobody is signed in, or not in a way that is accepted here. */
export class Unauthenticated extends DomainError {
  readonly code = 'unauthenticated';
  constructor() {
    super(text('error.unauthenticated'));
  }
}

/** The caller is known but lacks the role. */
export class NotAuthorized extends DomainError {
  readonly code = 'not_authorized';
  constructor() {
    super(text('error.not_authorized'));
  }
}

/** Too many attempts; `retryAfterSeconds` becomes the Retry-After header. */
export class Throttled extends DomainError {
  readonly code = 'throttled';
  constructor(readonly retryAfterSeconds: number) {
    super(text('error.throttled'));
  }
}

/** What may be away. */
export type Dependency = 'connection' | 'database' | 'fresh_token' | 'postgresql' | 'redis';

/** A part this service depends on does not answer (PostgreSQL, Redis); the caller may try again. */
export class Unavailable extends DomainError {
  readonly code = 'unavailable';
  constructor(what: Dependency, options?: ErrorOptions) {
    super(text(`unavailable.${what}`), {}, options);
  }
}
