import { type ConnectionState } from '#libs/database';
import { type CallbackFailure, CALLBACK_FAILURES } from './callback-failure.js';
import { type LandingName } from './landing-address.js';
import { pageOf, pagePolicy, sentenceFor } from './page.js';

/** What a person can do about each reason. `{crm}` is the product's name on this page. */
const ADVICE: Readonly<Record<CallbackFailure, string>> = {
  missing_code: '{crm} sent no authorization code. Start the connection again from the integration settings.',
  invalid_state:
    'This connection attempt was used already, was not started here, or whoever started it is no longer an administrator. Start it again from the integration settings.',
  expired_state:
    'The connection attempt took longer than 15 minutes. Start it again from the integration settings.',
  access_denied: 'Access was not granted in {crm}. Start again, and approve the request there.',
  token_exchange_failed:
    '{crm} did not complete the authorization. Wait a moment and start again; if it keeps failing, ask whoever runs this installation to check the client id, the secret and the redirect address.',
  location_already_connected:
    'This location is connected to another account. An administrator of that account has to disconnect it first.',
  not_configured:
    'The connection to {crm} is not set up here yet. Ask whoever runs this installation to enter the client id and secret.',
};
const GENERIC_ADVICE = 'The connection was not made. Start it again from the integration settings.';
const AGENCY_NEXT =
  'The agency authorized the app. Now an administrator chooses, in the integration settings, which of its sub-accounts are connected.';
const SAVED =
  'If you have just approved the request in {crm}, the connection is saved. Administrators see its state in the integration settings.';

export const LANDING_PAGE_CSP = pagePolicy('none');

interface Landing {
  readonly page: LandingName;
  /** `?error=` as it came; anybody can put anything there. */
  readonly error: unknown;
  readonly isAgency: boolean;
  /** Undefined for a browser that may not know. */
  readonly connection: ShownConnection | undefined;
}

/** What the page tells about the account's connection. */
export interface ShownConnection {
  readonly isConnected: boolean;
  readonly state: ConnectionState | undefined;
  readonly locationName: string;
}

/** `{location}` is its name. */
const STATES: Readonly<Record<ConnectionState, string>> = {
  connected: 'Connected to {location}.',
  suspended:
    '{location} is not active in {crm} at the moment. The connection goes on by itself when it is active again.',
  reauthorization_required:
    'The connection to {location} must be authorized again. Start it again from the integration settings.',
  uninstalled:
    'The app was removed from {location} in {crm}. Start the connection again from the integration settings.',
};
const NO_CONNECTION = 'No location is connected. Start the connection from the integration settings.';

/**
 * The page after the callback, as long as no settings page is served there. Public: without a connection it tells what
 * the address tells and nothing of any account; texts come from tables, and nothing of the address is repeated.
 */
export function landingPage({ page, error, isAgency, connection }: Landing): string {
  const failed = error !== undefined;
  const heading = failed ? 'Not connected' : isAgency ? 'One more step' : 'Connection';
  const text = failed ? adviceFor(error) : isAgency ? AGENCY_NEXT : connection ? stateOf(connection) : SAVED;
  const sentence = sentenceFor(
    page,
    text.replaceAll('{location}', () => connection?.locationName ?? ''),
  );
  return pageOf(heading, `<p role="${failed ? 'alert' : 'status'}">${sentence}</p>`);
}

function adviceFor(error: unknown): string {
  const known = CALLBACK_FAILURES.find((failure) => failure === error);
  return known ? ADVICE[known] : GENERIC_ADVICE;
}

function stateOf({ isConnected, state }: ShownConnection): string {
  if (state === undefined) return NO_CONNECTION;
  return state === 'connected' && !isConnected ? STATES.uninstalled : STATES[state];
}
