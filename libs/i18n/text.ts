import { type Catalogue, EN, type TextKey } from './en.js';
import { type Locale } from './locale.js';
import { PT_BR } from './pt-br.js';

export const CATALOGUES: Readonly<Record<Locale, Catalogue>> = { en: EN, pt_BR: PT_BR };

/** What fills a place in a text: a name, which is the same in all languages, or a text of its own. */
export type Filling = string | number | Text;

/** A text that is not in any language yet. */
export interface Text {
  readonly key: TextKey;
  readonly fillings: Readonly<Record<string, Filling>>;
}

/** One text, or several that follow each other. */
export type Words = Text | readonly Text[];

/** The names of the places in a text. `{Name}` is `{name}` with a capital letter, as a sentence begins. */
type Places<Template extends string> = Template extends `${string}{${infer Place}}${infer Rest}`
  ? Uncapitalize<Place> | Places<Rest>
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
  return CATALOGUES[locale][words.key].replaceAll(/\{(\w+)\}/g, (_, place: string) => {
    const name = place.charAt(0).toLowerCase() + place.slice(1);
    const filling = words.fillings[name] ?? '';
    const said = typeof filling === 'object' ? say(locale, filling) : String(filling);
    return place === name ? said : said.charAt(0).toUpperCase() + said.slice(1);
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
