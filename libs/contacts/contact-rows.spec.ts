import fc from 'fast-check';
import { useDatabase } from '../../test/harness/database.js';
import { contactColumns } from './contact-columns.js';
import { ARRAYS, arraysOf, COLUMNS, rowOf } from './contact-rows.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', ',', '{', '}', '$', '&', "'", ' ', '\n', 'a'),
    maxLength: 20,
  }),
  fc.constantFrom('', 'NULL', 'null', '{}', '\\x41', '"'),
);
const changes = fc.record({
  name: text,
  identifier: fc.option(text),
  email: fc.constantFrom(null, '"a\\b,c"@example.test'),
  blocked: fc.boolean(),
  customAttributes: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.constant(null))),
});

describe(rowOf.name, () => {
  const db = useDatabase();

  it('brings every value to PostgreSQL as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 5 }), async (drafts) => {
        const columns = drafts.map((draft) => contactColumns(draft));
        const rows = await db.source.query<Record<string, unknown>[]>(
          `select * from unnest(${ARRAYS}) as row (${COLUMNS})`,
          arraysOf(columns.map(rowOf)),
        );
        expect(
          rows.map((row) => ({
            name: row['name'],
            identifier: row['identifier'],
            email: row['email'],
            blocked: row['blocked'],
            customAttributes: row['custom_attributes'],
            contactType: row['contact_type'],
          })),
        ).toEqual(
          columns.map(({ name, identifier, email, blocked, customAttributes, contactType }) => ({
            name,
            identifier,
            email,
            blocked,
            customAttributes,
            contactType,
          })),
        );
      }),
      { numRuns: 200 },
    );
  });
});
