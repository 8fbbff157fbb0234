import { useI18n } from 'vue-i18n';

/** Machine codes of why something is as it is, in words; a code that has none yet is shown as it is. */
export function useReasons(): { sentenceFor: (reason: string) => string } {
  const { t, te } = useI18n();
  return {
    sentenceFor(reason) {
      const key = `reasons.${reason}`;
      return te(key) ? t(key) : reason;
    },
  };
}
