import { useI18n } from 'vue-i18n';

/** Fields of HighLevel in the reader's language. */
export function useFieldNames(): { nameOf: (field: string, otherwise?: string) => string } {
  const { t, te } = useI18n();
  return {
    nameOf(field, otherwise = field) {
      const key = `mapping.names.${field}`;
      return te(key) ? t(key) : otherwise;
    },
  };
}
