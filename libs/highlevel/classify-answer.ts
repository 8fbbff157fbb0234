import { type HighLevelErrorFacts, type HighLevelErrorKind } from './highlevel-error.js';
import { type HttpAnswer } from './http-exchange.js';
import { pauseAfterRefusal } from './rate-limit.js';
import { remoteMessage } from './remote-message.js';
import { isRecord, textOf } from './untyped-json.js';

/** What an error answer means, without what the caller knows anyway. */
export type Classification = Pick<
  HighLevelErrorFacts,
  'kind' | 'retryAfterMs' | 'contactId' | 'matchingField'
>;

interface Rule {
  says: RegExp;
  kind: HighLevelErrorKind;
}

/**
 * HighLevel answers 401 for several things (HL 1.6); only a token problem is worth a renewal. First match wins:
 * the text about a scope mentions the token, too.
 */
const UNAUTHORIZED: readonly Rule[] = [
  { says: /version header/i, kind: 'invalid' }, // HL 1.2: our bug
  { says: /\bscopes?\b/i, kind: 'scope_missing' }, // HL 1.6
  { says: /\bnot have access\b/i, kind: 'forbidden' }, // HL 1.6, there with 403
  { says: /token|jwt/i, kind: 'token_rejected' }, // HL 1.6
  { says: /^(?:unauthorized)?$/i, kind: 'token_rejected' }, // RFC 9110 15.5.2: what a bare 401 means
];

/** Contact calls answer 400 for an id they do not know (HL 5.4). */
const UNKNOWN_CONTACT = /\bcontact\b.*\bnot found\b/i;
/** A path that does not exist is our mistake or a wrong base URL, and no reason to think a contact deleted. */
const UNKNOWN_PATH = /^cannot (?:get|post|put|delete) \//i;
/** Refusals that servers in front of HighLevel give as a page, and that stay refusals. */
const REFUSED_BY_SIZE_OR_TYPE: readonly number[] = [411, 413, 414, 415, 431];

/** What an answer outside 2xx means. `now` and `random` decide `retryAfterMs` of a 429 without `Retry-After`. */
export function classifyAnswer(
  { status, headers, body }: HttpAnswer,
  now = Date.now(),
  random = Math.random,
): Classification {
  if (status === 429) return { kind: 'rate_limited', retryAfterMs: pauseAfterRefusal(headers, now, random) };
  if (status >= 500 || status === 408) return { kind: 'unavailable' };
  if (status < 400) return { kind: 'unexpected' };
  const message = remoteMessage(body);
  if (status === 401) {
    const said = messageWithoutStatusText(message);
    return { kind: UNAUTHORIZED.find((rule) => rule.says.test(said))?.kind ?? 'forbidden' };
  }
  if (REFUSED_BY_SIZE_OR_TYPE.includes(status)) return { kind: 'invalid' };
  if (!isRecord(body)) return { kind: 'unexpected' }; // HighLevel's own errors are objects (HL 1.6)
  return duplicateOf(body) ?? { kind: kindOfRefusal(status, message) };
}

function kindOfRefusal(status: number, message: string): HighLevelErrorKind {
  if (status === 403) return /\bscopes?\b/i.test(message) ? 'scope_missing' : 'forbidden';
  if (status === 404) return UNKNOWN_PATH.test(message) ? 'unexpected' : 'not_found';
  if (status === 400 && UNKNOWN_CONTACT.test(message)) return 'not_found';
  return 'invalid';
}

/** HL 5.9. */
function duplicateOf(body: Readonly<Record<string, unknown>>): Classification | undefined {
  const meta = isRecord(body.meta) ? body.meta : {};
  const contactId = textOf(meta.contactId);
  if (contactId === undefined) return undefined;
  return { kind: 'duplicate_contact', contactId, matchingField: textOf(meta.matchingField) };
}

/** `error: "Unauthorized"` stands beside every message of a 401 and says nothing by itself. */
function messageWithoutStatusText(message: string): string {
  return message.replace(/;\s*unauthorized$/i, '');
}
