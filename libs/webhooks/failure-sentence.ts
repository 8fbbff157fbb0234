import { DomainError } from '#libs/errors';
import { HighLevelError } from '#libs/highlevel';
import { redact } from '#libs/logging';
import { LeaseLost } from '#libs/queue';
import { QueryFailedError } from 'typeorm';

const MAX_LENGTH = 300;
const HIDDEN = '…';

/**
 * What went wrong, as one sentence for people who may not see the event's contents: no secret, no value of a contact.
 * Messages of PostgreSQL and JavaScript name what they stumbled over in quotes.
 */
export function failureSentence(error: unknown): string {
  const sentence = masked(plainSentence(error)).replaceAll(/\s+/g, ' ').trim();
  return sentence.length > MAX_LENGTH ? `${sentence.slice(0, MAX_LENGTH - 1)}…` : sentence;
}

function plainSentence(error: unknown): string {
  if (error instanceof QueryFailedError) return ofPostgres(error.driverError as PostgresFault);
  // Their sentences are this service's own, and made to be shown.
  if (error instanceof DomainError || error instanceof LeaseLost) return error.message;
  // HighLevel's own words may repeat what it was sent.
  if (error instanceof HighLevelError)
    return `${error.method} ${error.path} ${error.status ?? ''} ${error.kind}`;
  // The parser shows a piece of the text.
  if (error instanceof SyntaxError) return 'The payload is not valid JSON';
  if (error instanceof Error) return `${error.name}: ${withoutQuoted(error.message)}`;
  return 'Something that is no error was thrown';
}

interface PostgresFault {
  readonly code?: string;
  readonly message?: string;
}

/** Classes whose messages name tables, columns and constraints, but never values: those go into `detail`. */
const NAMES_OBJECTS_ONLY = new Set(['08', '23', '25', '40', '42', '53', '55', '57']);

function ofPostgres({ code = '', message = '' }: PostgresFault): string {
  // Masked before the code follows, which would pass for the end of a phone number.
  const shown = masked(NAMES_OBJECTS_ONLY.has(code.slice(0, 2)) ? message : withoutQuoted(message));
  // What a trigger of somebody else's says may be anything.
  return code.startsWith('P0') || shown === ''
    ? `PostgreSQL refused the change (${code || 'connection lost'})`
    : `PostgreSQL: ${shown} (${code || 'connection lost'})`;
}

function withoutQuoted(text: string): string {
  return text.replaceAll(/"[^"]*"?|'[^']*'|`[^`]*`/g, `"${HIDDEN}"`);
}

/** The second net: tokens, addresses and phone numbers wherever they stand. */
function masked(sentence: string): string {
  return String(redact(sentence))
    .replaceAll(/[^\s@"'<>]+@[^\s@"'<>]+/g, HIDDEN)
    .replaceAll(/\+\d[\d ().-]{5,}\d|\d[\d .-]{5,}\d/g, HIDDEN);
}
