import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';

/** Longer texts are no phone numbers; the parser need not look at them. */
const MAX_LENGTH = 250;

/** Numbers of the North American plan in E.164 are nearly all that HighLevel has, and need no parsing. */
const NORTH_AMERICAN = /^\+1[2-9]\d{9}$/;

/**
 * The number in E.164, or undefined when the text is none.
 * @param country two letters: whose number it is when it has no country code; HighLevel assumes the location's (HL 5.5)
 */
export function parsePhone(text: string, country: string | null | undefined): string | undefined {
  if (NORTH_AMERICAN.test(text)) return text;
  if (text.length === 0 || text.length > MAX_LENGTH) return undefined;
  const number = parsePhoneNumberFromString(text, {
    extract: false,
    defaultCountry: supportedCountry(country),
  });
  return number?.isPossible() ? number.number : undefined;
}

function supportedCountry(country: string | null | undefined): CountryCode | undefined {
  const code = country?.toUpperCase() ?? '';
  return isSupportedCountry(code) ? code : undefined;
}
