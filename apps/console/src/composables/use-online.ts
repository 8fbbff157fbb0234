import { ref } from 'vue';

/** What the browser says about the network. */
export const isOnline = ref(navigator.onLine);

window.addEventListener('online', () => (isOnline.value = true));
window.addEventListener('offline', () => (isOnline.value = false));
