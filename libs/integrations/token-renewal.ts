import { Injectable } from '@nestjs/common';
import { OAuthApi, type TokenAnswer, TokenEndpointError } from '#libs/highlevel';
import { type StoredTokens } from './stored-tokens.js';
import { grantFrom, type TokenGrant } from './token-grant.js';

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Why no new pair came.
 * - `refused`: neither the refresh token nor a reconnect is accepted; a person has to authorize again.
 * - `suspended`: the location is not active; the token stays good (HL 2.6).
 * - `transient`: anything else; worth another try.
 */
export interface RenewalFailure {
  readonly kind: 'refused' | 'suspended' | 'transient';
  /** Machine code, shown to administrators. */
  readonly reason: string;
  /** What HighLevel asked to wait, where it did. */
  readonly retryAfterMs?: number | undefined;
}

export type Renewal = { readonly grant: TokenGrant } | { readonly failure: RenewalFailure };

/** 4xx statuses that ask to come again (RFC 9110, RFC 6585); any other one of the reconnect endpoint is a refusal. */
const COME_AGAIN: readonly (number | undefined)[] = [408, 425, 429];

/** Asks HighLevel for a new token pair, in the order of HL 2.5 and 2.8. Touches no table. */
@Injectable()
export class TokenRenewal {
  constructor(private readonly oauth: OAuthApi) {}

  /** Refreshes, and where the refresh token is refused wins a new pair back without the user. */
  async renew(tokens: StoredTokens, credentials: ClientCredentials): Promise<Renewal> {
    const { refreshToken, locationId } = tokens;
    if (refreshToken !== undefined) {
      const refreshed = await this.granted(locationId, () => this.refresh(refreshToken, credentials));
      if (!(refreshed instanceof TokenEndpointError)) return { grant: refreshed };
      if (refreshed.kind !== 'invalid_grant') return { failure: failureOf(refreshed) };
    }
    const reconnected = await this.granted(locationId, () => this.reconnect(locationId, credentials));
    if (!(reconnected instanceof TokenEndpointError)) return { grant: reconnected };
    return { failure: isRefusal(reconnected) ? refusal(tokens) : failureOf(reconnected) };
  }

  private async granted(
    locationId: string,
    ask: () => Promise<TokenAnswer>,
  ): Promise<TokenGrant | TokenEndpointError> {
    const askedAt = new Date();
    try {
      return grantFrom(await ask(), locationId, askedAt);
    } catch (error) {
      if (error instanceof TokenEndpointError) return error;
      throw error;
    }
  }

  /** Where no usable answer came the request may have been executed; only sending the old token once more can tell. */
  private async refresh(refreshToken: string, credentials: ClientCredentials): Promise<TokenAnswer> {
    const ask = (): Promise<TokenAnswer> =>
      this.oauth.refresh({ ...credentials, refreshToken, userType: 'Location' });
    try {
      return await ask();
    } catch (error) {
      if (error instanceof TokenEndpointError && error.maybeExecuted) return ask();
      throw error;
    }
  }

  private async reconnect(locationId: string, credentials: ClientCredentials): Promise<TokenAnswer> {
    const { authorizationCode } = await this.oauth.reconnect({ ...credentials, locationId });
    return this.oauth.exchangeCode({ ...credentials, code: authorizationCode, userType: 'Location' });
  }
}

function isRefusal({ kind, status }: TokenEndpointError): boolean {
  if (kind === 'suspended') return false;
  return status !== undefined && status >= 400 && status < 500 && !COME_AGAIN.includes(status);
}

function refusal(tokens: StoredTokens): RenewalFailure {
  return {
    kind: 'refused',
    reason: tokens.refreshToken === undefined ? 'refresh_token_missing' : 'refresh_token_refused',
  };
}

function failureOf(error: TokenEndpointError): RenewalFailure {
  if (error.kind === 'suspended') return { kind: 'suspended', reason: 'location_not_active' };
  const reason = error.kind === 'misconfigured' ? 'credentials_refused' : 'highlevel_unavailable';
  return { kind: 'transient', reason, retryAfterMs: error.retryAfterMs };
}
