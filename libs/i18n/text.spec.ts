import { complaint, nameOfAttribute } from './attribute.js';
import { LANGUAGES, neutral, spokenLanguage, spokenLike } from './locale.js';
import { CATALOGUES, say, text } from './text.js';

const [EN, ...OTHERS] = LANGUAGES.map((language) => new Map(Object.entries(CATALOGUES[language])));

/** The places in a text; `{Name}` is `{name}`. */
const places = (template: string): string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name.toLowerCase()).sort();

/** Whether anything but places and punctuation is in it. */
const hasWords = (template: string): boolean => /\p{L}/u.test(template.replaceAll(/\{\w+\}/g, ''));

describe('the catalogues', () => {
  it('have the same texts, with the same places to fill in', () => {
    for (const other of OTHERS) {
      expect([...other.keys()].sort()).toEqual([...EN!.keys()].sort());
      for (const [key, template] of EN!)
        expect([key, places(other.get(key)!)]).toEqual([key, places(template)]);
    }
  });

  it('leave nothing untranslated', () => {
    const SAME_IN_ALL = new Set(['integration_apps.gohighlevel.name', 'docs.email']);
    for (const other of OTHERS) {
      const untranslated = [...EN!].filter(
        ([key, english]) => other.get(key) === english && hasWords(english),
      );
      expect(untranslated.filter(([key]) => !SAME_IN_ALL.has(key))).toEqual([]);
    }
  });

  it('hold nothing but texts that can be filled in', () => {
    for (const catalogue of Object.values(CATALOGUES))
      for (const template of Object.values(catalogue))
        expect(template.replaceAll(/\{\w+\}/g, '')).toMatch(/^[^{}]*[^{}\s]?$/);
  });
});

describe('where the vendor is not to be named', () => {
  it.each(LANGUAGES)('no text of %s does', (language) => {
    const texts = Object.values(CATALOGUES[neutral(language)]);
    expect(texts.filter((said) => /high ?level|ghl|lead ?connector/i.test(said))).toEqual([]);
  });

  it('the texts are the same otherwise', () => {
    expect(say('en-x-neutral', text('highlevel.unavailable'))).toBe('The CRM did not answer');
    expect(say('pt_BR-x-neutral', text('highlevel.unavailable'))).toBe('O CRM não respondeu');
    expect(say('en-x-neutral', text('error.not_configured'))).toBe('CRM OAuth credentials not configured');
    expect(say('en', text('error.not_configured'))).toBe('GHL OAuth credentials not configured');
    for (const language of LANGUAGES)
      for (const said of Object.values(CATALOGUES[neutral(language)]))
        expect(said).not.toMatch(/\b(an?|the|this) the\b/i);
  });

  it('another language is spoken in the same way', () => {
    expect([spokenLike('en', 'pt_BR'), spokenLike(neutral('en'), 'pt_BR')]).toEqual([
      'pt_BR',
      'pt_BR-x-neutral',
    ]);
  });
});

describe('a text', () => {
  it('is said in a language', () => {
    expect(say('en', text('error.throttled'))).toBe('Retry later');
    expect(say('pt_BR', text('error.throttled'))).toBe('Tente de novo mais tarde');
  });

  it('has its places filled with names as they are, and with other texts in its language', () => {
    const words = complaint(
      text('validation.whole_number', { min: 1, max: 100 }),
      nameOfAttribute('phone_number'),
    );
    expect(say('en', words)).toBe('Phone number must be a number from 1 to 100');
    expect(say('pt_BR', words)).toBe('O campo telefone deve ser um número de 1 a 100');
  });

  it('takes what fills it for no place', () => {
    expect(say('en', text('mapping.no_such_field', { field: '{field} $& $1' }))).toBe(
      'Fields has no field {field} $& $1',
    );
  });

  it('is followed by others as Rails joins complaints', () => {
    expect(say('en', [text('error.throttled'), text('error.conflict')])).toBe(
      'Retry later, The request contradicts the present state',
    );
  });
});

describe('an attribute', () => {
  it('that nobody knows is called as it is written', () => {
    for (const locale of LANGUAGES) {
      const said = say(locale, complaint(text('validation.unknown'), nameOfAttribute('shoe_size')));
      expect(said.toLowerCase()).toContain('shoe size');
    }
  });
});

describe('the language for one of DeskFlow’s', () => {
  it.each([
    ['en', 'en'],
    ['pt_BR', 'pt_BR'],
    ['pt-BR', 'pt_BR'],
    ['pt', 'pt_BR'],
    ['PT', 'pt_BR'],
    ['fr', 'en'],
    ['zh_TW', 'en'],
    ['ptx', 'en'],
    ['', 'en'],
  ])('%p is %s', (code, language) => {
    expect(spokenLanguage(code)).toBe(language);
  });
});
