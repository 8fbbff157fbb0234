import { readonly, ref } from 'vue';

const given = ref(0);

/** Changes when what failed may succeed now: the network is back, or somebody has signed in again. */
export const secondChances = readonly(given);

export function giveSecondChance(): void {
  given.value += 1;
}

window.addEventListener('online', giveSecondChance);
