import { onScopeDispose, type Ref, ref, shallowRef, watch, type WatchSource } from 'vue';
import { ApiFailure } from '../api/failure';
import { secondChances } from './use-second-chance';

/** A page asks for no more than a third of the server's time: what takes long to answer is asked for less often. */
const REST_PER_ANSWER = 2;

/** What a page shows of something that is loaded. */
export interface Resource<Value> {
  readonly data: Ref<Value | undefined>;
  /** Of the last attempt; what was loaded before stays in `data`. */
  readonly failure: Ref<ApiFailure | undefined>;
  readonly isLoading: Ref<boolean>;
  /** Loads at once, and never rejects. */
  reload(): Promise<void>;
}

export interface ResourceOptions {
  /** Pause between an answer and the next request, in milliseconds, at least. */
  readonly everyMs?: number;
  readonly dependsOn?: WatchSource;
  /** Whether what is shown must not be replaced at the moment. */
  readonly isPaused?: () => boolean;
}

/**
 * Loads now, again whenever `dependsOn` changes and, with `everyMs`, again and again as long as the page is visible.
 * An answer that a later request overtook is dropped.
 */
export function useResource<Value>(
  load: () => Promise<Value>,
  { everyMs, dependsOn, isPaused = () => false }: ResourceOptions = {},
): Resource<Value> {
  const data = shallowRef<Value>();
  const failure = shallowRef<ApiFailure>();
  const isLoading = ref(false);
  let latest = 0;
  let tookMs = 0;
  let timer: number | undefined;
  let isOver = false;

  async function reload(): Promise<void> {
    const request = ++latest;
    window.clearTimeout(timer);
    isLoading.value = true;
    const began = performance.now();
    try {
      const value = await load();
      if (request !== latest) return;
      tookMs = performance.now() - began;
      data.value = value;
      failure.value = undefined;
    } catch (error) {
      if (request !== latest) return;
      if (!(error instanceof ApiFailure)) throw error;
      failure.value = error;
    } finally {
      if (request === latest) {
        isLoading.value = false;
        wait();
      }
    }
  }

  function wait(): void {
    if (everyMs === undefined || isOver || document.hidden || isPaused()) return;
    timer = window.setTimeout(
      () => void (isPaused() ? undefined : reload()),
      Math.max(everyMs, tookMs * REST_PER_ANSWER),
    );
  }

  function onVisible(): void {
    if (everyMs !== undefined && !document.hidden && !isPaused()) void reload();
  }

  if (dependsOn !== undefined)
    watch(dependsOn, () => {
      data.value = undefined;
      void reload();
    });
  watch(secondChances, () => void (isPaused() ? undefined : reload()));
  document.addEventListener('visibilitychange', onVisible);
  onScopeDispose(() => {
    isOver = true;
    latest += 1;
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  });
  void reload();
  return { data, failure, isLoading, reload };
}
