import { ref, watch } from 'vue';
import { createI18n } from 'vue-i18n';
import en from './locales/en.json';
import { type Locale, locale } from './preferences';

export type Messages = typeof en;

const FORMATS = {
  number: {
    decimal: { style: 'decimal' },
    percent: { style: 'percent', maximumFractionDigits: 0 },
  },
  datetime: {
    short: { dateStyle: 'medium', timeStyle: 'short' },
    hour: { hour: '2-digit', minute: '2-digit' },
    day: { month: 'short', day: 'numeric' },
  },
} as const;

const LOADERS: Record<Exclude<Locale, 'en'>, () => Promise<{ default: Messages }>> = {
  'pt-BR': () => import('./locales/pt-BR.json'),
};

/** English is the fallback and always there; another language is loaded when it is chosen. */
export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en } as Record<Locale, Messages>,
  numberFormats: { en: FORMATS.number, 'pt-BR': FORMATS.number },
  datetimeFormats: { en: FORMATS.datetime, 'pt-BR': FORMATS.datetime },
});

/** Shows the chosen language from now on. Resolves when the first one is there. */
export async function applyLocale(): Promise<void> {
  watch(locale, show);
  await show(locale.value);
}

async function show(chosen: Locale): Promise<void> {
  if (chosen !== 'en') {
    const { default: messages } = await LOADERS[chosen]();
    i18n.global.setLocaleMessage(chosen, messages);
    renameIn(chosen);
  }
  i18n.global.locale.value = chosen;
}

/** Whether the page is white-label: nothing on it names the vendor. */
export const isNeutral = ref(false);

/** How texts call the other side from now on: by its name or, on a white-label page, without one. */
export function nameProduct(wanted: { isNeutral: boolean }): void {
  isNeutral.value = wanted.isNeutral;
  i18n.global.availableLocales.forEach(renameIn);
}

/** Every other text links to `product.used`, or to `initials.used`. */
function renameIn(name: Locale): void {
  const { product, initials } = i18n.global.getLocaleMessage(name);
  const chosen = isNeutral.value ? 'neutral' : 'vendor';
  i18n.global.mergeLocaleMessage(name, {
    product: { used: product[chosen] },
    initials: { used: initials[chosen] },
  });
}
