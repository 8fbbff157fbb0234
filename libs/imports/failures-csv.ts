import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { type ImportFailure } from './imports.js';

const COLUMNS = [
  { key: 'ghlContactId', header: 'ghl_contact_id' },
  { key: 'name', header: 'name' },
  { key: 'reason', header: 'reason' },
] satisfies { key: keyof ImportFailure; header: string }[];

/**
 * Failures as RFC 4180 text, row by row as they are read. A name that a spreadsheet would take for a formula is made a
 * text (OWASP, CSV injection).
 */
export function failuresCsv(failures: AsyncIterable<ImportFailure>): Readable {
  const csv = stringify({
    header: true,
    columns: COLUMNS,
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  const rows = Readable.from(failures);
  rows.on('error', (error) => csv.destroy(error));
  return rows.pipe(csv);
}
