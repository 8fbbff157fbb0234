/** The languages that this service answers in, as DeskFlow spells them; the first one stands in for all others. */
export const LANGUAGES = ['en', 'pt_BR'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A language as it is spoken: with the vendor's name, or without it, where an installation is white-labelled. */
export type Locale = Language | `${Language}-x-neutral`;

/** The language to answer in for one of DeskFlow's (DM 2): the same, a variant of it, or English. */
export function spokenLanguage(code: string): Language {
  return LANGUAGES.find((language) => mainPart(language) === mainPart(code)) ?? LANGUAGES[0];
}

/** How a language is spoken where the vendor is not to be named. */
export function neutral(language: Language): Locale {
  return `${language}-x-neutral`;
}

/** How a language is spoken where `locale` is spoken: with the vendor's name where that has it. */
export function spokenLike(locale: Locale, language: Language): Locale {
  return locale.endsWith('-x-neutral') ? neutral(language) : language;
}

function mainPart(code: string): string | undefined {
  return code.trim().toLowerCase().split(/[_-]/)[0];
}
