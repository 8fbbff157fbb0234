import { type Locale } from './locale.js';

/** What the other side is called in the texts: places that nobody fills. */
export interface ProductNames {
  /** With its article, where the language has it begin sentences with one. */
  readonly product: string;
  readonly initials: string;
  /** As an entry of the app registry. */
  readonly listing: string;
}

const VENDOR: ProductNames = { product: 'HighLevel', initials: 'GHL', listing: 'GoHighLevel' };

export const PRODUCT_NAMES: Readonly<Record<Locale, ProductNames>> = {
  en: VENDOR,
  'en-x-neutral': { product: 'the CRM', initials: 'CRM', listing: 'CRM' },
  pt_BR: VENDOR,
  'pt_BR-x-neutral': { product: 'CRM', initials: 'CRM', listing: 'CRM' },
};
