import { onScopeDispose, type Ref, ref, watch } from 'vue';

/** The value once it has rested; what is typed should not be a request a letter. */
export function useDebounced(source: Readonly<Ref<string>>, restMs = 300): Readonly<Ref<string>> {
  const settled = ref(source.value.trim());
  let timer: number | undefined;
  watch(source, (value) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => (settled.value = value.trim()), restMs);
  });
  onScopeDispose(() => window.clearTimeout(timer));
  return settled;
}
