import { Injectable } from '@nestjs/common';
import { OAuthApi, type TokenAnswer, TokenEndpointError } from '#libs/highlevel';
import { type StoredTokens, type TokenHolder } from './stored-tokens.js';
import { pairFrom, type TokenPair } from './token-grant.js';

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

export type Renewal = { readonly pair: TokenPair } | { readonly failure: RenewalFailure };

/** 4xx statuses that ask to come again (RFC 9110, RFC 6585); any other one of the reconnect endpoint is a refusal. */
const COME_AGAIN: readonly (number | undefined)[] = [408, 425, 429];

/** Asks HighLevel for a new token pair, in the ways of HL 2.5 and 2.8. Touches no table. */
@Injectable()
export class TokenRenewal {
  constructor(private readonly oauth: OAuthApi) {}

  /** Refreshes, and where the refresh token is refused wins a new pair back without the user. */
  async renew(tokens: StoredTokens, credentials: ClientCredentials): Promise<Renewal> {
    const refreshed = await this.refresh(tokens, credentials);
    return wasRefused(refreshed) ? this.reconnect(tokens, credentials) : refreshed;
  }

  /** Spends the refresh token; without one that is a refusal. */
  async refresh({ refreshToken, holder }: StoredTokens, credentials: ClientCredentials): Promise<Renewal> {
    if (refreshToken === undefined) return { failure: refusal('refresh_token_missing') };
    const answer = await this.answered(() => this.spend(refreshToken, holder, credentials));
    if (!(answer instanceof TokenEndpointError)) return answer;
    return {
      failure: answer.kind === 'invalid_grant' ? refusal('refresh_token_refused') : failureOf(answer),
    };
  }

  /** A new pair without the user, as long as the app is installed (HL 2.8). */
  async reconnect({ refreshToken, holder }: StoredTokens, credentials: ClientCredentials): Promise<Renewal> {
    const answer = await this.answered(() => this.askForCode(holder, credentials));
    if (!(answer instanceof TokenEndpointError)) return answer;
    const reason = refreshToken === undefined ? 'refresh_token_missing' : 'refresh_token_refused';
    return { failure: isRefusal(answer) ? refusal(reason) : failureOf(answer) };
  }

  private async answered(ask: () => Promise<TokenAnswer>): Promise<{ pair: TokenPair } | TokenEndpointError> {
    const askedAt = new Date();
    try {
      return { pair: pairFrom(await ask(), askedAt) };
    } catch (error) {
      if (error instanceof TokenEndpointError) return error;
      throw error;
    }
  }

  /** Where no usable answer came the request may have been executed; only sending the old token once more can tell. */
  private async spend(
    refreshToken: string,
    { userType }: TokenHolder,
    credentials: ClientCredentials,
  ): Promise<TokenAnswer> {
    const ask = (): Promise<TokenAnswer> => this.oauth.refresh({ ...credentials, refreshToken, userType });
    try {
      return await ask();
    } catch (error) {
      if (error instanceof TokenEndpointError && error.maybeExecuted) return ask();
      throw error;
    }
  }

  private async askForCode(holder: TokenHolder, credentials: ClientCredentials): Promise<TokenAnswer> {
    const { userType } = holder;
    const place =
      holder.userType === 'Location' ? { locationId: holder.locationId } : { companyId: holder.companyId };
    const { authorizationCode: code } = await this.oauth.reconnect({ ...credentials, ...place });
    return this.oauth.exchangeCode({ ...credentials, code, userType });
  }
}

/** Whether another way is worth trying: the token is dead, and HighLevel is there to say so. */
export function wasRefused(renewal: Renewal): boolean {
  return 'failure' in renewal && renewal.failure.kind === 'refused';
}

function isRefusal({ kind, status }: TokenEndpointError): boolean {
  if (kind === 'suspended') return false;
  return status !== undefined && status >= 400 && status < 500 && !COME_AGAIN.includes(status);
}

function refusal(reason: 'refresh_token_missing' | 'refresh_token_refused'): RenewalFailure {
  return { kind: 'refused', reason };
}

function failureOf(error: TokenEndpointError): RenewalFailure {
  if (error.kind === 'suspended') return { kind: 'suspended', reason: 'location_not_active' };
  const reason = error.kind === 'misconfigured' ? 'credentials_refused' : 'highlevel_unavailable';
  return { kind: 'transient', reason, retryAfterMs: error.retryAfterMs };
}
