import { type Catalogue, EN, type TextKey } from './en.js';
import { type Locale } from './locale.js';
import { PRODUCT_NAMES, type ProductNames } from './product-names.js';
import { PT_BR } from './pt-br.js';

/** The texts of each locale, in which the other side has its name. */
export const CATALOGUES: Readonly<Record<Locale, Catalogue>> = {
  en: named(EN, PRODUCT_NAMES.en),
  'en-x-neutral': named(EN, PRODUCT_NAMES['en-x-neutral']),
  pt_BR: named(PT_BR, PRODUCT_NAMES.pt_BR),
  'pt_BR-x-neutral': named(PT_BR, PRODUCT_NAMES['pt_BR-x-neutral']),
};

/** What fills a place in a text: a name, which is the same in all languages, or a text of its own. */
export type Filling = string | number | Text;

/** A text that is not in any language yet. */
export interface Text {
  readonly key: TextKey;
  readonly fillings: Readonly<Record<string, Filling>>;
}

/** One text, or several that follow each other. */
export type Words = Text | readonly Text[];

/**
 * The names of the places in a text that are to be filled. `{Name}` is `{name}` with a capital letter, as a sentence
 * begins.
 */
type Places<Template extends string> = Template extends `${string}{${infer Place}}${infer Rest}`
  ? Exclude<Uncapitalize<Place>, keyof ProductNames> | Places<Rest>
  : never;
type Fillings<Key extends TextKey> = Readonly<Record<Places<(typeof EN)[Key]>, Filling>>;

/** A text of the catalogues, with what fills its places. */
export function text<Key extends TextKey>(
  key: Key,
  ...[fillings]: [Places<(typeof EN)[Key]>] extends [never] ? [] : [Fillings<Key>]
): Text {
  return { key, fillings: fillings ?? {} };
}

/** Words in a language. Several texts are joined by ", ", as Rails joins complaints. */
export function say(locale: Locale, words: Words): string {
  if (!('key' in words)) return words.map((one) => say(locale, one)).join(', ');
  return filled(CATALOGUES[locale][words.key], (place) => {
    const filling = words.fillings[place] ?? '';
    return typeof filling === 'object' ? say(locale, filling) : String(filling);
  });
}

function named(catalogue: Catalogue, names: ProductNames): Catalogue {
  const nameFor = (place: string): string | undefined => names[place as keyof ProductNames];
  const texts = Object.entries(catalogue).map(([key, template]) => [key, filled(template, nameFor)]);
  return Object.fromEntries(texts) as Catalogue;
}

/** @param fillingOf by the place's name in lower case; a place that has none is left as it is */
function filled(template: string, fillingOf: (name: string) => string | undefined): string {
  return template.replaceAll(/\{(\w+)\}/g, (place, written: string) => {
    const name = written.charAt(0).toLowerCase() + written.slice(1);
    const filling = fillingOf(name) ?? place;
    return written === name ? filling : filling.charAt(0).toUpperCase() + filling.slice(1);
  });
}

/** For keys that are put together from what is only known when the service runs. */
export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(EN, key);
}

/** Whether it is a text: for what was stored, perhaps by another version of the service. */
export function isText(value: unknown): value is Text {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('fillings' in value))
    return false;
  const { key, fillings } = value;
  const isFilling = (filling: unknown): boolean =>
    typeof filling === 'string' || typeof filling === 'number' || isText(filling);
  return (
    typeof key === 'string' &&
    isTextKey(key) &&
    typeof fillings === 'object' &&
    fillings !== null &&
    Object.values(fillings).every(isFilling)
  );
}
