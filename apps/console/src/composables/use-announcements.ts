import { readonly, ref } from 'vue';

const message = ref('');

/** What the page's one live region says; a screen reader speaks it, and everybody sees it for a while. */
export const announcement = readonly(message);

/** Long enough to be read twice (milliseconds). */
const SHOWN_MS = 6_000;
let timer: number | undefined;

/** Tells what has just been done. */
export function announce(text: string): void {
  window.clearTimeout(timer);
  message.value = text;
  timer = window.setTimeout(() => (message.value = ''), SHOWN_MS);
}
