import { DomainError } from '#libs/errors';
import { HighLevelError, RateBudgetExhausted } from '#libs/highlevel';
import { type Filling, isText, type Locale, say, text, type Text, type Words } from '#libs/i18n';
import { redact } from '#libs/logging';
import { QueryFailedError } from 'typeorm';

const MAX_LENGTH = 300;
const HIDDEN = '…';

/** What went wrong, in no language yet: a worker fails, and people of any language read about it. */
export type Failure = Words;

export interface FailureOptions {
  /** HighLevel's own words may repeat what it was sent: only for people who may see that. */
  readonly isQuoting?: boolean;
}

/**
 * What went wrong, for people who may not see what was worked on: no secret, no value of a contact. Messages of
 * PostgreSQL and JavaScript name what they stumbled over in quotes.
 */
export function failureOf(error: unknown, options: FailureOptions = {}): Failure {
  const words = wordsOf(error, options);
  return 'key' in words ? masked(words) : words.map(masked);
}

/** A failure as a column of text keeps it. */
export function storedFailure(failure: Failure): string {
  return JSON.stringify(failure);
}

/** What `storedFailure` made, in a language. Rows of earlier versions hold a sentence, which is said as it is. */
export function sayFailure(locale: Locale, stored: string): string {
  const failure = parsed(stored);
  return failure ? bounded(say(locale, failure)) : stored;
}

function parsed(stored: string): Failure | undefined {
  try {
    const value: unknown = JSON.parse(stored);
    return isText(value) || (Array.isArray(value) && value.every(isText)) ? value : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(error: unknown, { isQuoting = false }: FailureOptions): Words {
  if (error instanceof QueryFailedError) return ofPostgres(error.driverError as PostgresFault);
  if (error instanceof DomainError) return error.words ?? text(`error.${error.code}`);
  if (error instanceof HighLevelError) return ofHighLevel(error, isQuoting);
  if (error instanceof RateBudgetExhausted) return text('highlevel.budget_spent');
  // The parser shows a piece of the text.
  if (error instanceof SyntaxError) return text('failure.not_json');
  if (error instanceof Error)
    return text('failure.fault', { fault: `${error.name}: ${withoutQuoted(error.message)}` });
  return text('failure.no_error');
}

function ofHighLevel(
  { kind, method, path, status, remoteMessage = '' }: HighLevelError,
  isQuoting: boolean,
): Text {
  const what = text(`highlevel.${kind}`);
  const detail = [method, path, status].filter((part) => part !== undefined).join(' ');
  return isQuoting && remoteMessage !== ''
    ? text('failure.quoting', { what, detail, answer: remoteMessage })
    : text('failure.detailed', { what, detail });
}

interface PostgresFault {
  readonly code?: string;
  readonly message?: string;
}

/** Classes whose messages name tables, columns and constraints, but never values: those go into `detail`. */
const NAMES_OBJECTS_ONLY = new Set(['08', '23', '25', '40', '42', '53', '55', '57']);

function ofPostgres({ code = '', message = '' }: PostgresFault): Text {
  const state = code || text('failure.connection_lost');
  const shown = NAMES_OBJECTS_ONLY.has(code.slice(0, 2)) ? message : withoutQuoted(message);
  // What a trigger of somebody else's says may be anything.
  return code.startsWith('P0') || shown === ''
    ? text('failure.postgresql_refused', { state })
    : text('failure.postgresql', { message: shown, state });
}

function withoutQuoted(message: string): string {
  return message.replaceAll(/"[^"]*"?|'[^']*'|`[^`]*`/g, `"${HIDDEN}"`);
}

/** The second net: tokens, addresses and phone numbers wherever they stand in what fills a text. One short line each. */
function masked({ key, fillings }: Text): Text {
  const shown = Object.entries(fillings).map(([place, filling]) => [place, maskedFilling(filling)]);
  return { key, fillings: Object.fromEntries(shown) as Text['fillings'] };
}

function maskedFilling(filling: Filling): Filling {
  if (typeof filling === 'number') return filling;
  if (typeof filling === 'object') return masked(filling);
  const shown = String(redact(filling))
    .replaceAll(/[^\s@"'<>]+@[^\s@"'<>]+/g, HIDDEN)
    .replaceAll(/\+\d[\d ().-]{5,}\d|\d[\d .-]{5,}\d/g, HIDDEN)
    .replaceAll(/[\s\p{Cc}\p{Surrogate}]+/gu, ' ')
    .trim();
  return bounded(shown);
}

function bounded(line: string): string {
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1).replace(/\p{Surrogate}$/u, '')}…` : line;
}
