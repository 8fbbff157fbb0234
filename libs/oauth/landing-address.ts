import { type CallbackOutcome } from './callback-failure.js';

/** The page's name in its address: DeskFlow's, and the one that shows no vendor (HL 9). */
export type LandingName = 'gohighlevel' | 'crm';

/** Where the browser goes after the callback. Starts with FRONTEND_URL and holds nothing the caller sent as it is. */
export function landingAddress(frontendUrl: string, page: LandingName, outcome: CallbackOutcome): string {
  const { accountId, failure, companyId } = outcome;
  // A state that does not verify names no account: the page without one says what happened.
  const account = accountId === undefined ? '' : `/accounts/${accountId}`;
  const query = new URLSearchParams();
  if (failure !== undefined) query.set('error', failure);
  if (companyId !== undefined) query.set('agency', companyId);
  const search = query.size > 0 ? `?${query.toString()}` : '';
  return `${frontendUrl}/app${account}/settings/integrations/${page}${search}`;
}
