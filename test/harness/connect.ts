import { approveConsent } from '#apps/standalone/consent.js';
import { type SignedIn } from './sign-in.js';

/** Connects the account to the simulator's first location, as an administrator's browser does. */
export async function connect(
  apiUrl: string,
  session: SignedIn,
): Promise<{ locationId: string; callbackUrl: string }> {
  const answer = await fetch(`${apiUrl}/api/v1/accounts/${session.account_id}/ghl/authorization`, {
    method: 'POST',
    headers: { api_access_token: session.access_token },
  });
  const { url } = (await answer.json()) as { url: string };
  const approved = await approveConsent(url);
  const landing = await fetch(approved.callbackUrl, { redirect: 'manual' });
  const target = landing.headers.get('location') ?? '';
  if (landing.status !== 302 || target.includes('error='))
    throw new Error(`not connected: ${landing.status} ${target}`);
  return approved;
}
