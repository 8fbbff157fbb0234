import { NotConfigured } from '#libs/errors';
import { HighLevelError } from '#libs/highlevel';
import { LeaseLost } from '#libs/queue';
import { QueryFailedError } from 'typeorm';
import { failureSentence } from './failure-sentence.js';

const failed = (code: string | undefined, message: string): QueryFailedError =>
  new QueryFailedError(
    'insert into contacts',
    ['mara@example.test'],
    Object.assign(new Error(message), { code }),
  );

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe(failureSentence.name, () => {
  it.each([
    [
      failed('22P02', 'invalid input syntax for type integer: "4711-Mara"'),
      'PostgreSQL: invalid input syntax for type integer: "…" (22P02)',
    ],
    [
      failed('22001', 'value too long for type character varying(255)'),
      'PostgreSQL: value too long for type character varying(255) (22001)',
    ],
    [
      failed('23505', 'duplicate key value violates unique constraint "uniq_email_per_account_contact"'),
      'PostgreSQL: duplicate key value violates unique constraint "uniq_email_per_account_contact" (23505)',
    ],
    [failed('40P01', 'deadlock detected'), 'PostgreSQL: deadlock detected (40P01)'],
    [failed('40001', 'could not serialize +14155550142'), 'PostgreSQL: could not serialize … (40001)'],
    [failed('P0001', 'contact Mara Quill is on a list'), 'PostgreSQL refused the change (P0001)'],
    [
      failed(undefined, 'Connection terminated unexpectedly'),
      'PostgreSQL: Connection terminated unexpectedly (connection lost)',
    ],
    [new NotConfigured(), 'GHL OAuth credentials not configured'],
    [new LeaseLost(), 'The lease on the rows ran out'],
    [thrownBy(() => JSON.parse('{"email":"mara@example.test"')), 'The payload is not valid JSON'],
    [
      new TypeError(`Cannot read properties of undefined (reading 'mara')`),
      /^TypeError: Cannot read properties/,
    ],
    ['a text', 'Something that is no error was thrown'],
  ])('says of %s what went wrong', (error, sentence) => {
    expect(failureSentence(error)).toEqual(
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    );
  });

  it("keeps HighLevel's answer to itself, which may repeat what it was sent", () => {
    const error = new HighLevelError({
      kind: 'invalid',
      method: 'PUT',
      path: '/contacts/{contactId}',
      status: 422,
      remoteMessage: 'mara@example.test is no address',
    });
    expect(failureSentence(error)).toBe('PUT /contacts/{contactId} 422 invalid');
  });

  it.each([
    'no such person: mara@example.test',
    'number +1 (415) 555-0142 is taken',
    'refused Bearer abcdef0123456789',
    'refresh_token=abcdef0123456789 is unknown',
    `unexpected 'Mara Quill'`,
    'unexpected "Mara Quill, and no end',
  ])('shows nothing of "%s" that is a value or a secret', (message) => {
    expect(failureSentence(new Error(message))).not.toMatch(/mara|Mara|555|abcdef/);
  });

  it('is one short line', () => {
    const sentence = failureSentence(new Error(`a\nb\t${'c '.repeat(1_000)}`));
    expect(sentence).toMatch(/^Error: a b c/);
    expect(sentence).toHaveLength(300);
  });
});
