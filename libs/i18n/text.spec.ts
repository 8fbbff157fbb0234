import { complaint, nameOfAttribute } from './attribute.js';
import { LOCALES, spokenLocale } from './locale.js';
import { CATALOGUES, say, text } from './text.js';

const [EN, ...OTHERS] = LOCALES.map((locale) => new Map(Object.entries(CATALOGUES[locale])));

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
    for (const catalogue of LOCALES.map((locale) => CATALOGUES[locale]))
      for (const template of Object.values(catalogue))
        expect(template.replaceAll(/\{\w+\}/g, '')).toMatch(/^[^{}]*[^{}\s]?$/);
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
    for (const locale of LOCALES) {
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
  ])('%p is %s', (code, locale) => {
    expect(spokenLocale(code)).toBe(locale);
  });
});
