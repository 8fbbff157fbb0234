import { computed, type Ref, ref, shallowRef } from 'vue';
import { ApiFailure } from '../api/failure';
import { type Resource, type ResourceOptions, useResource } from './use-resource';

/** A part of a list that is read newest first; `next` is where the following part begins. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly next: number | null;
}

export interface Pages<Item> extends Omit<Resource<Part<Item>>, 'data'> {
  /** Undefined until the first answer. */
  readonly items: Ref<readonly Item[] | undefined>;
  readonly hasMore: Ref<boolean>;
  readonly isLoadingMore: Ref<boolean>;
  /** Adds the following part. Never rejects. */
  loadMore(): Promise<void>;
}

/**
 * A list of which more is loaded on demand. `everyMs` repeats the first part until more was asked for: a list that
 * moves while it is read, or that has a gap, helps nobody.
 * @param keyOf what identifies an item
 */
export function usePages<Item>(
  load: (before: number | undefined) => Promise<Part<Item>>,
  keyOf: (item: Item) => unknown,
  options: Omit<ResourceOptions, 'isPaused'> = {},
): Pages<Item> {
  const following = shallowRef<Part<Item>>();
  const isLoadingMore = ref(false);
  const first: Resource<Part<Item>> = useResource(
    async () => {
      const before = following.value;
      const part = await load(undefined);
      const shown = first.data.value;
      // What is added meanwhile begins where the shown part ends.
      if (shown && (isLoadingMore.value || following.value !== before)) return shown;
      following.value = undefined;
      return part;
    },
    { ...options, isPaused: () => following.value !== undefined },
  );
  const moreFailure = shallowRef<ApiFailure>();

  const items = computed(() => {
    const head = first.data.value;
    if (!head) return undefined;
    const tail = following.value?.items ?? [];
    const seen = new Set(head.items.map(keyOf));
    return [...head.items, ...tail.filter((item) => !seen.has(keyOf(item)))];
  });
  const next = computed(() => (following.value ?? first.data.value)?.next ?? null);

  async function loadMore(): Promise<void> {
    const from = next.value;
    if (from === null || isLoadingMore.value) return;
    isLoadingMore.value = true;
    try {
      const head = first.data.value;
      const part = await load(from);
      // Another list is asked for.
      if (first.data.value !== head) return;
      following.value = { items: [...(following.value?.items ?? []), ...part.items], next: part.next };
      moreFailure.value = undefined;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      moreFailure.value = error;
    } finally {
      isLoadingMore.value = false;
    }
  }

  return {
    items,
    hasMore: computed(() => next.value !== null),
    isLoadingMore,
    loadMore,
    reload: first.reload,
    failure: computed(() => first.failure.value ?? moreFailure.value),
    isLoading: first.isLoading,
  };
}
