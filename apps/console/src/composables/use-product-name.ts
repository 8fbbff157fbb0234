import { watch } from 'vue';
import { useRoute } from 'vue-router';
import { nameProduct } from '../i18n';
import { PROVIDER } from '../provider';

/** Texts name the vendor, unless the page's address, or the whole installation, is white-label. */
export function useProductName(): void {
  const route = useRoute();
  watch(
    () => route.params['provider'],
    (provider) => nameProduct({ isNeutral: [provider, PROVIDER].includes('crm') }),
    { immediate: true },
  );
}
