import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { isTextKey, type Locale, say } from '#libs/i18n';
import { type ImportFailure } from './imports.js';

const COLUMNS = [
  { key: 'ghlContactId', header: 'ghl_contact_id' },
  { key: 'name', header: 'name' },
  { key: 'reason', header: 'reason' },
] satisfies { key: keyof ImportFailure; header: string }[];

/**
 * Failures as RFC 4180 text, row by row as they are read, their reasons in words. A name that a spreadsheet would take
 * for a formula is made a text (OWASP, CSV injection).
 */
export function failuresCsv(failures: AsyncIterable<ImportFailure>, locale: Locale): Readable {
  const csv = stringify({
    header: true,
    columns: COLUMNS,
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  const rows = Readable.from(withReasonsInWords(failures, locale));
  rows.on('error', (error) => csv.destroy(error));
  return rows.pipe(csv);
}

async function* withReasonsInWords(
  failures: AsyncIterable<ImportFailure>,
  locale: Locale,
): AsyncGenerator<ImportFailure> {
  for await (const failure of failures) yield { ...failure, reason: sentenceFor(failure.reason, locale) };
}

function sentenceFor(reason: string, locale: Locale): string {
  const key = `not_imported.${reason}`;
  return isTextKey(key) ? say(locale, { key, fillings: {} }) : reason;
}
