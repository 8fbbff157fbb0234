import { onBeforeUnmount, onMounted } from 'vue';

/** What can say where somebody is: an item, a row, a section, whatever takes the focus itself. */
const LANDING = 'li, tr, section, [tabindex], main';
const ITEM = 'li, tr';

/**
 * A button that has done its work may vanish, alone or with its row, and the focus with it: whoever uses the keyboard
 * would begin at the top again. The nearest thing that is still there gets the focus instead: around it, or next to it
 * in its list.
 */
export function useKeptFocus(): void {
  /** The focused element and what is around it, inside out. */
  let around: readonly Element[] = [];

  function remember({ target }: FocusEvent): void {
    const found: (Element | null)[] = [];
    for (let element = target as Element | null; element; element = element.parentElement) {
      found.push(element);
      if (element.matches(ITEM)) found.push(element.nextElementSibling, element.previousElementSibling);
    }
    around = found.filter((element) => element !== null);
  }

  /** Whoever points elsewhere has left it. */
  function forget(): void {
    around = [];
  }

  function keep(): void {
    const [focused] = around;
    if (!focused || focused.isConnected || document.activeElement !== document.body) return;
    const place = around.find((element) => element.isConnected && element.matches(LANDING));
    const landing = place?.matches('main') === true ? place.querySelector('h1') : place;
    if (!(landing instanceof HTMLElement)) return;
    if (!landing.hasAttribute('tabindex')) landing.tabIndex = -1;
    landing.focus({ preventScroll: true });
  }

  const changes = new MutationObserver(keep);
  onMounted(() => {
    document.addEventListener('focusin', remember);
    document.addEventListener('pointerdown', forget);
    changes.observe(document.body, { childList: true, subtree: true });
  });
  onBeforeUnmount(() => {
    document.removeEventListener('focusin', remember);
    document.removeEventListener('pointerdown', forget);
    changes.disconnect();
  });
}
