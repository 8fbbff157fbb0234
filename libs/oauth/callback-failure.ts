/** Why an authorization did not lead to a connection: `?error=` of the page the callback redirects to. */
export const CALLBACK_FAILURES = [
  'missing_code',
  'invalid_state',
  'expired_state',
  'access_denied',
  'token_exchange_failed',
  'location_already_connected',
  'not_configured',
] as const;

export type CallbackFailure = (typeof CALLBACK_FAILURES)[number];

/** How a callback ended, and for whom as far as the state told. */
export interface CallbackOutcome {
  readonly accountId?: number;
  readonly failure?: CallbackFailure;
  /** An agency authorized the app; no location is connected yet (HL 2.4). */
  readonly companyId?: string;
}
