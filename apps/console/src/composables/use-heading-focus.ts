import { nextTick, watch } from 'vue';
import { useRoute } from 'vue-router';

/** Whoever cannot see that the page has changed is taken to its heading. */
export function useHeadingFocus(): void {
  const route = useRoute();
  watch(
    () => route.name,
    async (_name, before) => {
      if (before === undefined) return; // a page that was just opened is read from its top
      await nextTick();
      document.querySelector<HTMLElement>('main h1')?.focus();
    },
  );
}
