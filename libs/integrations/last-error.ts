import { isTextKey, type Locale, say, text } from '#libs/i18n';

/** The last failure in words that an administrator can make something of; null after a success. */
export function lastError(reason: string | null | undefined, locale: Locale): string | null {
  if (reason === null || reason === undefined) return null;
  const key = `refresh.${reason}`;
  return say(locale, isTextKey(key) ? { key, fillings: {} } : text('refresh.other', { reason }));
}
