import { computed, readonly, ref, shallowRef } from 'vue';
import type { SignedInUser } from './schema';

/** What is kept of a sign-in: enough to call the API and to show who it is. */
export interface Session {
  readonly token: string;
  readonly user: { readonly name: string; readonly email: string | null };
  readonly accounts: readonly { readonly id: number; readonly name: string; readonly role: string }[];
}

const STORAGE_KEY = 'deskflow-ghl.session';

const session = shallowRef<Session | undefined>(read());

// Signing out in one tab signs out in all.
window.addEventListener('storage', (event) => {
  if (event.key === STORAGE_KEY) session.value = read();
});

/**
 * The session token of this service, which ends after 12 hours. DeskFlow's own pages have no use for it: they give
 * `createClient` their headers instead.
 */
export const currentSession = computed(() => session.value);

const refused = ref(false);

/** The session ended by itself, under a page that somebody may have typed into. */
export const isRefused = readonly(refused);

/** @returns the account that was used last, of those that the user belongs to */
export function keepSession(user: SignedInUser): number | undefined {
  const { session_token: token, name, email, accounts, account_id: accountId } = user;
  const active = accounts.filter(({ status }) => status === 'active');
  store({ token, user: { name, email }, accounts: active.map(({ id, name, role }) => ({ id, name, role })) });
  return active.find(({ id }) => id === accountId)?.id ?? active[0]?.id;
}

export function endSession(): void {
  store(undefined);
}

/** Its credential does not hold any more. */
export function refuseSession(): void {
  store(undefined);
  refused.value = true;
}

function store(value: Session | undefined): void {
  session.value = value;
  refused.value = false;
  if (value) localStorage.setItem(STORAGE_KEY, JSON.stringify(value));
  else localStorage.removeItem(STORAGE_KEY);
}

function read(): Session | undefined {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === null) return undefined;
  try {
    return JSON.parse(stored) as Session;
  } catch {
    return undefined;
  }
}
