/** HighLevel answers at once; it does not where its own page is still loading, and outside of it nobody does (HL 8.1). */
const ASK_EVERY_MS = 500;
const GIVE_UP_AFTER_MS = 10_000;
const REQUEST = 'REQUEST_USER_DATA';
const RESPONSE = 'REQUEST_USER_DATA_RESPONSE';

/**
 * Asks the page around this one who is looking at it (HL 8.1). It may be on any host, a white-label one among them: the
 * question tells nothing, and only the frame's parent may answer.
 * @returns HighLevel's user context, encrypted; undefined where nobody answers
 */
export function requestUserContext(): Promise<string | undefined> {
  if (window.parent === window) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const ask = (): void => window.parent.postMessage({ message: REQUEST }, '*');
    const asking = window.setInterval(ask, ASK_EVERY_MS);
    const givingUp = window.setTimeout(() => finish(undefined), GIVE_UP_AFTER_MS);
    function finish(payload: string | undefined): void {
      window.clearInterval(asking);
      window.clearTimeout(givingUp);
      window.removeEventListener('message', listen);
      resolve(payload);
    }
    function listen({ source, data }: MessageEvent<unknown>): void {
      if (source !== window.parent || typeof data !== 'object' || data === null) return;
      const { message, payload } = data as { message?: unknown; payload?: unknown };
      if (message === RESPONSE && typeof payload === 'string') finish(payload);
    }
    window.addEventListener('message', listen);
    ask();
  });
}
