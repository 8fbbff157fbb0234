import { Injectable } from '@nestjs/common';
import {
  AgencyRefused,
  HighLevelUnavailable,
  LocationSuspended,
  NotConnected,
  ReauthorizationRequired,
} from './connection-errors.js';
import { LocationMint } from './location-mint.js';
import { type StoredTokens } from './stored-tokens.js';
import { type ClientCredentials, type Renewal, TokenRenewal, wasRefused } from './token-renewal.js';
import { TokenUnreadable } from './token-unreadable.js';

/**
 * Renews the token of a location by whatever does not need a person: its refresh token and, where that is refused, a
 * reconnect (HL 2.8); at last, or at first where it has no refresh token, its agency mints it anew (HL 2.7).
 */
@Injectable()
export class LocationRenewal {
  constructor(
    private readonly renewal: TokenRenewal,
    private readonly mint: LocationMint,
  ) {}

  async renew(tokens: StoredTokens, credentials: ClientCredentials): Promise<Renewal> {
    if (tokens.refreshToken === undefined) {
      const minted = await this.minted(tokens);
      return minted && !wasRefused(minted) ? minted : this.renewal.reconnect(tokens, credentials);
    }
    const renewed = await this.renewal.renew(tokens, credentials);
    if (!wasRefused(renewed)) return renewed;
    const minted = await this.minted(tokens);
    return minted && !wasRefused(minted) ? minted : renewed;
  }

  /** Undefined where the account has no agency that could. */
  private async minted({ accountId, holder }: StoredTokens): Promise<Renewal | undefined> {
    if (holder.userType !== 'Location' || holder.companyId === undefined) return undefined;
    try {
      return { pair: await this.mint.mint(accountId, holder.companyId, holder.locationId) };
    } catch (error) {
      if (error instanceof NotConnected) return undefined;
      return { failure: failureOf(error) };
    }
  }
}

function failureOf(error: unknown): Extract<Renewal, { failure: object }>['failure'] {
  if (error instanceof AgencyRefused) {
    const isSuspended = error.reason === 'location_not_active';
    return { kind: isSuspended ? 'suspended' : 'refused', reason: error.reason };
  }
  if (error instanceof LocationSuspended) return { kind: 'suspended', reason: 'location_not_active' };
  if (error instanceof ReauthorizationRequired || error instanceof TokenUnreadable)
    return { kind: 'refused', reason: 'agency_unauthorized' };
  if (!(error instanceof HighLevelUnavailable)) throw error;
  return {
    kind: 'transient',
    reason: error.reason,
    retryAfterMs: Math.max(error.retryAt.getTime() - Date.now(), 0),
  };
}
