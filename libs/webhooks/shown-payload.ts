import { REDACTED, redact } from '#libs/logging';

/** Whatever JSON the body was, or its text, or nothing. */
export type ShownPayload = object | string | number | boolean | null;

/** What a text is cut to before it is searched (characters), so that searching takes a moment whatever it is. */
const MAX_TEXT = 8_192;

const SECRET_WORD = '(?:token|secret|password|authorization|cookie|api[_-]?key|private[_-]?key)';
const SECRET_NAME = new RegExp(SECRET_WORD, 'i');
/** A pair of a body that is no JSON, or was cut in the middle of it. */
const SECRET_PAIR = new RegExp(
  String.raw`("[\w-]{0,64}${SECRET_WORD}[\w-]{0,64}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}]+)`,
  'gi',
);

export type PayloadFormat = 'json' | 'text' | 'dropped';

/** A delivered body for administrators to look at: bounded, and without what is named like a secret or looks like one. */
export function shownPayload(body: Buffer | null): { format: PayloadFormat; payload: ShownPayload } {
  if (body === null) return { format: 'dropped', payload: null };
  const text = body.toString('utf8');
  try {
    return { format: 'json', payload: redact(JSON.parse(text, masked)) as ShownPayload };
  } catch {
    // No JSON, or nested deeper than anybody can look at.
    const start = text.slice(0, MAX_TEXT).replaceAll(SECRET_PAIR, `$1"${REDACTED}"`);
    return { format: 'text', payload: redact(start) as string };
  }
}

/** Any delivery may bring fields of whoever made it, so a part of the name is enough. */
function masked(name: string, value: unknown): unknown {
  return SECRET_NAME.test(name) && value !== null ? REDACTED : value;
}
