export const REDACTED = '[redacted]';

/** Names are compared in lower case without `_` and `-`, so that `accessToken` is `access_token` is `access-token`. */
const SECRET_NAMES = new Set([
  'authorization',
  'cookie',
  'setcookie',
  'apiaccesstoken',
  'accesstoken',
  'refreshtoken',
  'sessiontoken',
  'idtoken',
  'token',
  'clientsecret',
  'sharedsecret',
  'secret',
  'apikey',
  'privatekey',
  'password',
  'encryptedpassword',
  'xghlsignature',
  'xwhsignature',
]);

/** What OAuth's `code` looks like. As the code of an error (`not_found`, `ECONNRESET`) it is what a log is read for. */
const OAUTH_CODE = /^(?=.*\d)[A-Za-z0-9._~-]{20,}$/;

const SECRET_IN_TEXT =
  /\b((?:access|refresh|session|id)_?token|client_secret|password|code|state|api_access_token)=[^&\s"']+/gi;
const BEARER = /\bBearer\s+[A-Za-z0-9._~+/=-]+/gi;
/** Header, payload and signature in base64url (RFC 7519). */
const JWT = /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g;

const MAX_DEPTH = 6;
const MAX_ENTRIES = 200;
const MAX_TEXT = 8_192;

/**
 * The second net under every log line: a copy without what is named like a secret or looks like one. The first is that
 * nobody logs secrets. Bounded in depth, width and length, and never throws, so that a log line cannot fail a request.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (value instanceof Date) return value;
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((item) => redact(item, depth + 1));

  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value).slice(0, MAX_ENTRIES)) {
    copy[name] = isSecret(name, item) ? REDACTED : redact(item, depth + 1);
  }
  return copy;
}

/** A URL or path without its query, where codes and states travel. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

export function redactText(text: string): string {
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return shown
    .replace(SECRET_IN_TEXT, `$1=${REDACTED}`)
    .replace(BEARER, `Bearer ${REDACTED}`)
    .replace(JWT, REDACTED);
}

function isSecret(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return false;
  const plain = name.toLowerCase().replace(/[-_]/g, '');
  if (plain === 'code') return typeof value === 'string' && OAUTH_CODE.test(value);
  return SECRET_NAMES.has(plain);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const described: Record<string, unknown> = {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
  };
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number'))
    described['code'] = error.code;
  if (error.cause !== undefined && depth < MAX_DEPTH) described['cause'] = redact(error.cause, depth + 1);
  return described;
}
