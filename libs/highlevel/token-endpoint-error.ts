import { sentence } from './highlevel-error.js';

/**
 * What a failed token call means for the connection.
 * - `invalid_grant`: the refresh token or code is expired, revoked or already used. Permanent.
 * - `suspended`: the location or agency is paused. Keep the token, try again after hours.
 * - `misconfigured`: client id, secret or our own request is wrong. Nothing is wrong with the grant.
 * - `transient`: everything else; an alarm after repeated failure.
 */
export type TokenEndpointErrorKind = 'invalid_grant' | 'suspended' | 'misconfigured' | 'transient';

/**
 * What the endpoint says, and what it means; the first match wins. Staff declined to publish a list (HL 2.6), so
 * whatever is not here is transient: treating every 400 as revoked would cut off suspended locations for good.
 */
export const TOKEN_ENDPOINT_RULES: readonly { says: RegExp; kind: TokenEndpointErrorKind; source: string }[] =
  [
    { says: /not active/i, kind: 'suspended', source: 'HL 2.6: "Location is not active"' },
    { says: /invalid[ _]grant/i, kind: 'invalid_grant', source: 'HL 2.6, RFC 6749 5.2' },
    { says: /refresh token is invalid/i, kind: 'invalid_grant', source: 'HL 2.6' },
    {
      says: /invalid[ _]client|unauthorized[ _]client/i,
      kind: 'misconfigured',
      source: 'HL 2.6, RFC 6749 5.2',
    },
    { says: /missing parameter|invalid parameter/i, kind: 'misconfigured', source: 'HL 2.6' },
    {
      says: /unsupported[ _]grant[ _]type|invalid[ _]scope|invalid[ _]request/i,
      kind: 'misconfigured',
      source: 'RFC 6749 5.2',
    },
  ];

/** HL 2.6: a malformed body, whatever the message says about its fields. */
const UNPROCESSABLE = 422;

/** @param said everything the body says, see `remoteMessage` */
export function classifyTokenFailure(status: number, said: string): TokenEndpointErrorKind {
  if (status < 400 || status >= 500 || status === 408 || status === 429) return 'transient';
  const rule = TOKEN_ENDPOINT_RULES.find(({ says }) => says.test(said));
  return rule?.kind ?? (status === UNPROCESSABLE ? 'misconfigured' : 'transient');
}

/** Plain facts; nothing here may hold a token, code or secret. */
export interface TokenEndpointErrorFacts {
  kind: TokenEndpointErrorKind;
  path: string;
  status?: number;
  remoteMessage?: string;
  traceId?: string;
  retryAfterMs?: number;
  networkCode?: string;
  /** The grant may be used up although no usable answer came: try it once more, then reconnect (HL 2.5, 2.8). */
  maybeExecuted?: boolean;
}

/** A call to the token endpoint, or to reconnect, that failed. Safe to log, show and store; no `cause`. */
export class TokenEndpointError extends Error {
  readonly kind: TokenEndpointErrorKind;
  readonly path: string;
  readonly status: number | undefined;
  readonly remoteMessage: string | undefined;
  readonly traceId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly networkCode: string | undefined;
  readonly maybeExecuted: boolean;

  constructor(facts: TokenEndpointErrorFacts) {
    super(sentence({ method: 'POST', ...facts }));
    this.name = 'TokenEndpointError';
    this.kind = facts.kind;
    this.path = facts.path;
    this.status = facts.status;
    this.remoteMessage = facts.remoteMessage;
    this.traceId = facts.traceId;
    this.retryAfterMs = facts.retryAfterMs;
    this.networkCode = facts.networkCode;
    this.maybeExecuted = facts.maybeExecuted ?? false;
  }

  toJSON(): Record<string, unknown> {
    return { ...Object.fromEntries(Object.entries(this)), message: this.message };
  }
}
