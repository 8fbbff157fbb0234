/** The languages that this service answers in, as DeskFlow spells them; the first one stands in for all others. */
export const LOCALES = ['en', 'pt_BR'] as const;
export type Locale = (typeof LOCALES)[number];

/** The language to answer in for one of DeskFlow's (DM 2): the same, a variant of it, or English. */
export function spokenLocale(code: string): Locale {
  return LOCALES.find((locale) => languageOf(locale) === languageOf(code)) ?? LOCALES[0];
}

function languageOf(code: string): string | undefined {
  return code.trim().toLowerCase().split(/[_-]/)[0];
}
