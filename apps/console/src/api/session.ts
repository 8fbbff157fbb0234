import { computed, readonly, ref, shallowRef } from 'vue';
import type { SignedInAccount, SignedInUser } from './schema';

export type Role = SignedInAccount['role'];

/** What is known of a sign-in: enough to call the API and to show who it is. */
export interface Session {
  readonly token: string;
  readonly user: { readonly name: string; readonly email: string | null };
  readonly accounts: readonly { readonly id: number; readonly name: string; readonly role: Role }[];
}

const session = shallowRef<Session>();
const accounts = shallowRef<Session['accounts']>([]);

/** DeskFlow's own pages have no use for it: they give `createClient` their headers instead. */
export const currentSession = computed(() => session.value);

/** Those of the user, also while a session that ended by itself is followed by another. */
export const knownAccounts = readonly(accounts);

const refused = ref(false);

/** The session ended by itself, under a page that somebody may have typed into. */
export const isRefused = readonly(refused);

export function beginSession(begun: Session | undefined): void {
  session.value = begun;
  accounts.value = begun?.accounts ?? [];
  refused.value = false;
}

export function endSession(): void {
  beginSession(undefined);
}

/** Its credential does not hold any more. */
export function refuseSession(): void {
  session.value = undefined;
  refused.value = true;
}

/** What calls of this session say of who makes them. */
export function sessionHeaders(): Record<string, string> {
  return session.value ? { authorization: `Bearer ${session.value.token}` } : {};
}

/** What the user is in the account; undefined where this page does not know. */
export function roleIn(accountId: number): Role | undefined {
  return accounts.value.find(({ id }) => id === accountId)?.role;
}

/**
 * Begins the session of somebody who has signed in.
 * @returns the account that was used last, of those that the user belongs to
 */
export function signedIn(user: SignedInUser): number | undefined {
  const { session_token: token, name, email, accounts, account_id: accountId } = user;
  const active = accounts.filter(({ status }) => status === 'active');
  beginSession({
    token,
    user: { name, email },
    accounts: active.map(({ id, name, role }) => ({ id, name, role })),
  });
  return active.find(({ id }) => id === accountId)?.id ?? active[0]?.id;
}
