import { ref } from 'vue';

/** The present time in milliseconds, for what is shown relative to it. One clock for all. */
export const now = ref(Date.now());

window.setInterval(() => (now.value = Date.now()), 5_000);
