import { watch } from 'vue';
import { store, stored } from '../storage';
import { beginSession, currentSession, type Session } from './session';

const KEY = 'deskflow-ghl.session';

/** The session outlives the page, and is that of all tabs: signing out in one signs out in all. */
export function keepSession(): void {
  beginSession(read());
  watch(currentSession, (session) => store(KEY, session && JSON.stringify(session)), { flush: 'sync' });
  window.addEventListener('storage', ({ key }) => {
    if (key === KEY) beginSession(read());
  });
}

function read(): Session | undefined {
  const kept = stored(KEY);
  if (kept === null) return undefined;
  try {
    return JSON.parse(kept) as Session;
  } catch {
    return undefined;
  }
}
