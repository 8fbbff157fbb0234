import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';

/** The account in the page's address. */
export function useAccountId(): ComputedRef<number> {
  const route = useRoute();
  return computed(() => Number(route.params['account_id']));
}
