import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorCode, Throttled, ValidationFailed } from '#libs/errors';
import { HighLevelError, type HighLevelErrorKind, TokenEndpointError } from '#libs/highlevel';
import { type Locale, say, text, type Words } from '#libs/i18n';
import { ERROR_ANSWERS, sentenceOfCode } from './error-answers.js';
import { type ErrorBody } from './error-body.js';
import { type Shape } from './shape.js';

export interface Explanation {
  readonly status: number;
  readonly body: Shape<ErrorBody>;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * How anything that was thrown is answered, in the language of who asked. Nothing of an error that is not ours reaches
 * the answer.
 */
export function explainError(error: unknown, locale: Locale): Explanation {
  if (error instanceof DomainError) return explainDomainError(error, locale);
  if (error instanceof HighLevelError) return explainHighLevelError(error, locale);
  const { code, words = sentenceOfCode(code) } = meaningOf(error);
  return explain(code, say(locale, words));
}

/** What an error means that nobody wrote to be shown. */
function meaningOf(error: unknown): { readonly code: ErrorCode; readonly words?: Words } {
  if (error instanceof TokenEndpointError) return { code: 'highlevel_unavailable' };
  if (isDatabaseUnreachable(error)) return { code: 'unavailable', words: text('unavailable.database') };
  if (isRefusedByPostgres(error)) return { code: 'bad_request', words: text('request.unstorable') };
  return { code: codeOfForeignError(error) };
}

/** devise_token_auth answers these as `{ errors: [sentence] }` (DM 3); both keys are there, so either client is served. */
const DEVISE_CODES: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'invalid_credentials',
  'otp_required',
]);

function explainDomainError(error: DomainError, locale: Locale): Explanation {
  const retryAfterSeconds = error instanceof Throttled ? error.retryAfterSeconds : undefined;
  const sentence = say(locale, error.words ?? sentenceOfCode(error.code));
  const explanation = explain(error.code, sentence, retryAfterSeconds);
  const { body } = explanation;
  if (error instanceof ValidationFailed) {
    body.message = sentence;
    body.attributes = error.attributes;
  }
  if (DEVISE_CODES.has(error.code)) body.errors = [body.error];
  if (Object.keys(error.fields).length > 0) body.details = error.fields;
  return explanation;
}

/** A refusal is the caller's to know, in HighLevel's words where it gave any; the rest is between HighLevel and us. */
const CODE_OF_KIND: Readonly<Record<HighLevelErrorKind, ErrorCode>> = {
  token_rejected: 'reauthorization_required',
  scope_missing: 'highlevel_refused',
  forbidden: 'highlevel_refused',
  not_found: 'not_found',
  duplicate_contact: 'highlevel_refused',
  invalid: 'highlevel_refused',
  rate_limited: 'throttled',
  unavailable: 'highlevel_unavailable',
  unexpected: 'highlevel_unavailable',
};

function explainHighLevelError(error: HighLevelError, locale: Locale): Explanation {
  const code = CODE_OF_KIND[error.kind];
  const itsWords = code === 'highlevel_refused' ? error.remoteMessage : undefined;
  const sentence = itsWords ?? say(locale, sentenceOfCode(code));
  const retryAfterSeconds =
    error.retryAfterMs === undefined ? undefined : Math.ceil(error.retryAfterMs / 1_000);
  return explain(code, sentence, retryAfterSeconds);
}

function explain(code: ErrorCode, sentence: string, retryAfterSeconds?: number): Explanation {
  const answer = ERROR_ANSWERS[code];
  return {
    status: answer.status,
    body: { error: sentence, code },
    retryAfterSeconds: retryAfterSeconds ?? answer.retryAfterSeconds,
  };
}

/** Classes of SQLSTATE and errors of sockets that say: not now. 08 connection, 53 resources, 57P0x shutdown. */
const UNREACHABLE = /^(08...|53...|57P0[1-4]|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN)$/;
/** The pool of `pg` has no code for these. */
const UNREACHABLE_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** TypeORM's, when a connection dies between two statements of a transaction. */
const CONNECTION_GONE = /^QueryRunner(Provider)?AlreadyReleasedError$/;

function isDatabaseUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    UNREACHABLE.test(driverCode(error) ?? '') ||
    UNREACHABLE_MESSAGE.test(error.message) ||
    CONNECTION_GONE.test(error.name)
  );
}

/** NUL or unpaired surrogates in a text, a number no column holds, a text that is no number: input that got past a DTO. */
const UNSTORABLE = /^(22001|22003|22021|22P02|22P05)$/;

function isRefusedByPostgres(error: unknown): boolean {
  return UNSTORABLE.test(driverCode(error) ?? '');
}

function driverCode(error: unknown): string | undefined {
  const driverError = error instanceof Error && 'driverError' in error ? error.driverError : error;
  return hasCode(driverError) ? driverError.code : undefined;
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  404: 'not_found',
  405: 'not_found',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  429: 'throttled',
  431: 'headers_too_large',
  503: 'unavailable',
};

const MALFORMED_JSON = new Set(['FST_ERR_CTP_INVALID_JSON_BODY', 'FST_ERR_CTP_EMPTY_JSON_BODY']);

/** Errors of Nest and Fastify; anything without a status below 500 is a fault of ours. */
function codeOfForeignError(error: unknown): ErrorCode {
  if (error instanceof HttpException) {
    if (hasCode(error.cause) && MALFORMED_JSON.has(error.cause.code)) return 'malformed_json';
    return CODE_OF_STATUS[error.getStatus()] ?? 'internal_error';
  }
  if (hasCode(error) && error.code.startsWith('FST_ERR_') && 'statusCode' in error) {
    return CODE_OF_STATUS[Number(error.statusCode)] ?? 'internal_error';
  }
  return 'internal_error';
}

function hasCode(error: unknown): error is { code: string } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
}
