import { type AnswerHeaders } from './rate-limit.js';
import { isRecord, textOf } from './untyped-json.js';

const REDACTED = '[redacted]';
/** Enough for every message seen; a stack trace or page in its place is cut. */
const MAX_MESSAGE_LENGTH = 500;

/** Shapes a credential can have when HighLevel quotes one back. Ids are shorter: 20 to 24 characters. */
const CREDENTIAL_SHAPES: readonly RegExp[] = [
  /\beyJ[\w-]+(?:\.[\w-]*){0,4}/g, // JWT: access and refresh tokens (HL 1.5)
  /\b(?:Bearer|Basic)\s+[\w\-.~+/=]{8,}/gi,
  /(?<=\b(?:access_token|refresh_token|client_secret|clientSecret|code)["']?\s*[=:]\s*["']?)[\w\-.~+/%]{8,}/gi,
  /\b[\w-]{32,}/g, // client secrets (36), authorization codes (40)
];

/**
 * What HighLevel said, as one line without anything that looks like a credential.
 * `secrets` are those the request carried: they are taken out whatever they look like.
 */
export function withoutCredentials(message: string, secrets: readonly string[] = []): string {
  const known = secrets.filter((secret) => secret !== '');
  const withoutKnown = known.reduce((text, secret) => text.replaceAll(secret, REDACTED), message);
  const clean = CREDENTIAL_SHAPES.reduce((text, shape) => text.replace(shape, REDACTED), withoutKnown);
  return clean.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE_LENGTH);
}

/**
 * Everything an error body says, in one string: `message` (a string or an array, HL 1.6), the OAuth pair
 * `error`/`error_description` (HL 2.6), and v3's `error.message` (HL 1.4). Not yet without credentials.
 */
export function remoteMessage(body: unknown): string {
  if (!isRecord(body)) return '';
  const error = isRecord(body.error) ? [body.error.code, body.error.message] : [body.error];
  const said = [body.message, ...error, body.error_description]
    .flat()
    .filter((part): part is string => typeof part === 'string' && part !== '');
  return [...new Set(said)].join('; ');
}

/** HighLevel's id of the exchange, for its support (HL 1.6); from the body or a header. */
export function traceIdOf(body: unknown, headers: AnswerHeaders): string | undefined {
  const id =
    (isRecord(body) ? textOf(body.traceId) : undefined) ?? headers['traceid'] ?? headers['x-trace-id'];
  return id !== undefined && /^[\w-]{1,100}$/.test(id) ? id : undefined;
}
