import { ref, watchEffect } from 'vue';
import { store, stored } from './storage';

const THEME_KEY = 'deskflow-ghl.theme';
const LOCALE_KEY = 'deskflow-ghl.locale';

export type Theme = 'light' | 'dark';
export const LOCALES = ['en', 'pt-BR'] as const;
export type Locale = (typeof LOCALES)[number];

/** What was chosen here, else what the system prefers. */
export const theme = ref<Theme>(
  storedOneOf(THEME_KEY, ['light', 'dark']) ??
    (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
);

export const locale = ref<Locale>(storedOneOf(LOCALE_KEY, LOCALES) ?? preferredLocale());

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  store(THEME_KEY, chosen);
}

export function chooseLocale(chosen: Locale): void {
  locale.value = chosen;
  store(LOCALE_KEY, chosen);
}

/** Keeps the document's attributes in step. */
export function applyPreferences(): void {
  watchEffect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    document.documentElement.lang = locale.value;
  });
}

function preferredLocale(): Locale {
  return navigator.languages.some((language) => language.startsWith('pt')) ? 'pt-BR' : 'en';
}

function storedOneOf<Value extends string>(key: string, values: readonly Value[]): Value | undefined {
  const kept = stored(key);
  return values.find((value) => value === kept);
}
