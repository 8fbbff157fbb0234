import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { parsePhone } from './phone-number.js';

describe('a phone number', () => {
  it.each([
    ['+14155550100', null, '+14155550100'],
    ['(415) 555-0100', 'US', '+14155550100'],
    ['030 1234567', 'DE', '+49301234567'],
    ['+49 30 1234567', 'US', '+49301234567'],
  ])('%s in %s is %s', (text, country, e164) => {
    expect(parsePhone(text, country)).toBe(e164);
  });

  it.each(['', 'call me', '+1415555', '030 1234567', '1'.repeat(300)])('%s is none', (text) => {
    expect(parsePhone(text, null)).toBeUndefined();
  });

  it('of the North American plan, in E.164, is what the parser would say, whatever country is assumed', () => {
    const digits = (from: number, to: number): fc.Arbitrary<string> =>
      fc.integer({ min: from, max: to }).map(String);
    const number = fc
      .tuple(digits(200, 999), digits(1_000_000, 9_999_999))
      .map((parts) => `+1${parts.join('')}`);
    fc.assert(
      fc.property(number, fc.constantFrom(null, 'US', 'DE', 'JM'), (text, country) => {
        const parsed = parsePhoneNumberFromString(text, { extract: false });
        expect(parsePhone(text, country)).toBe(parsed?.isPossible() ? parsed.number : undefined);
      }),
      { numRuns: 2_000 },
    );
  });
});
