import { type Ref, ref, shallowRef } from 'vue';
import { ApiFailure } from '../api/failure';

export interface Action<Args extends unknown[]> {
  readonly isRunning: Ref<boolean>;
  readonly failure: Ref<ApiFailure | undefined>;
  /**
   * One at a time: a second click does nothing.
   * @returns whether it succeeded
   */
  run(...args: Args): Promise<boolean>;
}

/** Something a person sets off; what goes wrong is kept for the page to show, beside what they typed. */
export function useAction<Args extends unknown[]>(act: (...args: Args) => Promise<void>): Action<Args> {
  const isRunning = ref(false);
  const failure = shallowRef<ApiFailure>();
  async function run(...args: Args): Promise<boolean> {
    if (isRunning.value) return false;
    isRunning.value = true;
    failure.value = undefined;
    try {
      await act(...args);
      return true;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      failure.value = error;
      return false;
    } finally {
      isRunning.value = false;
    }
  }
  return { isRunning, failure, run };
}
