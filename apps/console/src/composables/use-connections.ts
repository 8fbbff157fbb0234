import { computed, type ComputedRef, type Ref } from 'vue';
import { answerOf, useApi } from '../api/client';
import type { ConnectionStatus } from '../api/schema';
import { type Resource, useResource } from './use-resource';

export interface Connections extends Resource<unknown> {
  /** Undefined until loaded; those that the app is still installed at. */
  readonly connected: ComputedRef<readonly ConnectionStatus[] | undefined>;
}

/** The account's locations, for pages that are about one of them. */
export function useConnections(accountId: Ref<number>): Connections {
  const api = useApi();
  const status = useResource(() =>
    answerOf(
      api.GET('/api/v1/accounts/{account_id}/integrations/ghl/status', {
        params: { path: { account_id: accountId.value } },
      }),
    ),
  );
  const connected = computed(() => status.data.value?.connections.filter((one) => one.connected));
  return { ...status, connected };
}
