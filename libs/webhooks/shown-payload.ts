import { REDACTED, redact } from '#libs/logging';

/** Whatever JSON the body was, or its text, or nothing. */
export type ShownPayload = object | string | number | boolean | null;

/** A pair of a body that is no JSON, or was cut in the middle of it. */
const SECRET_PAIR =
  /("[\w-]*(?:token|secret|password|authorization|api[_-]?key|private[_-]?key)[\w-]*"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}]+)/gi;

export type PayloadFormat = 'json' | 'text' | 'dropped';

/** A delivered body for administrators to look at: bounded, and without what looks like a secret. */
export function shownPayload(body: Buffer | null): { format: PayloadFormat; payload: ShownPayload } {
  if (body === null) return { format: 'dropped', payload: null };
  const text = body.toString('utf8');
  try {
    return { format: 'json', payload: redact(JSON.parse(text)) as ShownPayload };
  } catch {
    return { format: 'text', payload: redact(text.replaceAll(SECRET_PAIR, `$1"${REDACTED}"`)) as string };
  }
}
