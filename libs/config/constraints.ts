import { ValidateBy } from 'class-validator';
import { parseDuration } from './duration.js';
import { parsePublicKeys, type PublicKeyType, splitList } from './public-keys.js';

/**
 * Constraints on texts of the environment. The message of each is what is expected, as the end of the sentence
 * "expected …"; `ConfigError` adds the variable and what was given.
 */
function expects(name: string, expected: string, holds: (text: string) => boolean): PropertyDecorator {
  return ValidateBy(
    { name, validator: { validate: (value: unknown) => typeof value === 'string' && holds(value) } },
    { message: expected },
  );
}

export const OneOf = (...values: readonly string[]): PropertyDecorator =>
  expects('oneOf', `one of ${values.map((value) => `"${value}"`).join(', ')}`, (text) =>
    values.includes(text),
  );

export const OnOff = (): PropertyDecorator => OneOf('on', 'off');

export const WholeNumber = (min: number, max: number): PropertyDecorator =>
  expects('wholeNumber', `a whole number from ${min} to ${max}`, (text) => {
    return /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max;
  });

export const Port = (): PropertyDecorator => WholeNumber(0, 65_535);

/** An absolute URL of one of the schemes, without credentials unless `credentials` says that they belong there. */
export function Url(schemes: readonly string[], options: { credentials?: boolean } = {}): PropertyDecorator {
  const expected = `an absolute URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return expects('url', expected, (text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    if (!schemes.includes(url.protocol.slice(0, -1)) || url.hostname === '') return false;
    return options.credentials === true || (url.username === '' && url.password === '');
  });
}

/** The base other paths are appended to: no query, no fragment. */
export const BaseUrl = (): PropertyDecorator =>
  expects('baseUrl', 'an http:// or https:// address without credentials, query and fragment', (text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && !/[?#]/.test(text);
  });

export const Duration = (minMs: number, maxMs: number, words: string): PropertyDecorator =>
  expects('duration', `seconds, or a number with s, m, h or d (${words})`, (text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= minMs && ms <= maxMs;
  });

/** A duration, or `off`. */
export const DurationOrOff = (minMs: number, maxMs: number, words: string): PropertyDecorator =>
  expects('durationOrOff', `"off", seconds, or a number with s, m, h or d (${words})`, (text) => {
    const ms = parseDuration(text);
    return text === 'off' || (ms !== undefined && ms >= minMs && ms <= maxMs);
  });

export const AtLeastCharacters = (count: number): PropertyDecorator =>
  expects('atLeastCharacters', `at least ${count} characters`, (text) => text.length >= count);

export const PublicKeys = (type: PublicKeyType, words: string): PropertyDecorator =>
  expects('publicKeys', `${words}: PEM blocks, or base64 of the SPKI separated by commas`, (text) => {
    return parsePublicKeys(text, type) !== undefined;
  });

export const Scopes = (): PropertyDecorator =>
  expects('scopes', 'scope names separated by blanks or commas', (text) =>
    /^[A-Za-z0-9./_\-\s,]+$/.test(text),
  );

/** One secret, or the present one and the one before while it is being changed. */
export const AtMostTwo = (): PropertyDecorator =>
  expects('atMostTwo', 'one secret, or two separated by a blank', (text) => splitList(text).length <= 2);

/** Origins as a content security policy takes them; the first label of a host may be `*`. Plain http for this machine only. */
const ORIGIN = /^(https:\/\/(\*\.)?[a-z\d-]+(\.[a-z\d-]+)+|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/i;

export const Origins = (): PropertyDecorator =>
  expects('origins', 'up to 50 origins such as https://crm.example.com, separated by blanks', (text) => {
    const origins = splitList(text);
    return origins.length <= 50 && origins.every((origin) => ORIGIN.test(origin));
  });

export const EmailAddress = (): PropertyDecorator =>
  expects('emailAddress', 'an e-mail address', (text) => /^[^\s@]+@[^\s@]+$/.test(text));

/** Any of DeskFlow's, whose environment this may be: what is not spoken here is answered in English. */
export const LocaleCode = (): PropertyDecorator =>
  expects('localeCode', 'a locale of DeskFlow, for example "en" or "pt_BR"', (text) =>
    /^[a-z]{2}([_-][a-z]{2})?$/i.test(text),
  );

/** `off`, `on`, a number of proxies, or addresses and networks of proxies, as Fastify's trustProxy takes them. */
export const TrustProxy = (): PropertyDecorator =>
  expects(
    'trustProxy',
    '"on", "off", the number of proxies in front, or their addresses and networks separated by commas',
    (text) => /^(on|off|\d{1,2}|[0-9a-fA-F:./\s,]{3,})$/.test(text),
  );
