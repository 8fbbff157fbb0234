import { NotConfigured, NotFound, ParameterMissing } from '#libs/errors';
import { HighLevelError, RateBudgetExhausted } from '#libs/highlevel';
import { LANGUAGES, say, text } from '#libs/i18n';
import { QueryFailedError } from 'typeorm';
import { failureOf, sayFailure, storedFailure } from './failure.js';
import { LeaseLost } from './lease-lost.js';

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

describe(failureOf.name, () => {
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
    [new NotFound('Contact'), 'Resource could not be found'],
    [new RateBudgetExhausted('Loc1', 9_000), 'HighLevel takes no more requests for now'],
    [new LeaseLost(), 'The lease on the rows ran out'],
    [thrownBy(() => JSON.parse('{"email":"mara@example.test"')), 'The payload is not valid JSON'],
    [
      new TypeError(`Cannot read properties of undefined (reading 'mara')`),
      /^A fault of the service: TypeError: Cannot read properties/,
    ],
    ['a text', 'Something that is no error was thrown'],
  ])('says of %s what went wrong', (error, sentence) => {
    expect(say('en', failureOf(error))).toEqual(
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    );
  });

  const refusal = new HighLevelError({
    kind: 'invalid',
    method: 'PUT',
    path: '/contacts/{contactId}',
    status: 422,
    remoteMessage: 'mara@example.test is no address',
  });

  it("keeps HighLevel's answer to itself, which may repeat what it was sent", () => {
    expect(say('en', failureOf(refusal))).toBe(
      'HighLevel refused the values (PUT /contacts/{contactId} 422)',
    );
  });

  it('quotes it for who may see the contact, without what looks like a value all the same', () => {
    expect(say('en', failureOf(refusal, { isQuoting: true }))).toBe(
      'HighLevel refused the values (PUT /contacts/{contactId} 422): … is no address',
    );
  });

  it.each([
    'no such person: mara@example.test',
    'number +1 (415) 555-0142 is taken',
    'refused Bearer abcdef0123456789',
    'refresh_token=abcdef0123456789 is unknown',
    `unexpected 'Mara Quill'`,
    'unexpected "Mara Quill, and no end',
  ])('holds nothing of "%s" that is a value or a secret', (message) => {
    expect(storedFailure(failureOf(new Error(message)))).not.toMatch(/mara|Mara|555|abcdef/);
  });

  it('holds no value either that fills a sentence of our own', () => {
    expect(storedFailure(failureOf(new ParameterMissing('mara@example.test')))).not.toContain('mara');
  });

  it('is one short line, which any column takes', () => {
    const stored = storedFailure(failureOf(new Error(`a\nb\t\0\ud800${'c '.repeat(1_000)}`)));
    expect(stored).toMatch(/^[\x20-\x7e…]+$/);
    const sentence = sayFailure('en', stored);
    expect(sentence).toMatch(/^A fault of the service: Error: a b c/);
    expect(sentence).toHaveLength(300);
  });
});

describe('a stored failure', () => {
  it('is said in the language of who reads it', () => {
    const stored = storedFailure(failureOf(failed('40P01', 'deadlock detected')));
    expect(LANGUAGES.map((locale) => sayFailure(locale, stored))).toEqual([
      'PostgreSQL: deadlock detected (40P01)',
      'O PostgreSQL respondeu: deadlock detected (40P01)',
    ]);
    const lost = storedFailure(failureOf(failed(undefined, '')));
    expect(LANGUAGES.map((locale) => sayFailure(locale, lost))).toEqual([
      'PostgreSQL refused the change (connection lost)',
      'O PostgreSQL recusou a alteração (conexão perdida)',
    ]);
  });

  it('may be several texts', () => {
    const stored = storedFailure([text('error.throttled'), text('error.conflict')]);
    expect(sayFailure('en', stored)).toBe('Retry later, The request contradicts the present state');
  });

  it.each([
    'PostgreSQL: deadlock detected (40P01)',
    'waiting_for_highlevel',
    '',
    '17',
    'null',
    '{"message":"unexpected"}',
    '{"key":"failure.of_a_later_version","fillings":{}}',
    '{"key":"failure.fault","fillings":{"fault":{"key":"nothing"}}}',
  ])('that is in no such form (%s) is said as it is', (stored) => {
    for (const locale of LANGUAGES) expect(sayFailure(locale, stored)).toBe(stored);
  });
});
