import { type TokenAnswer } from '#libs/highlevel';

/** A token pair of one location, as HighLevel just granted it. */
export interface TokenGrant {
  readonly accessToken: string;
  /** Absent where the answer brought none: the stored one then stays valid (RFC 6749 6). */
  readonly refreshToken: string | undefined;
  readonly expiresAt: Date;
  /** Granted scopes, separated by spaces; absent where the answer did not say. */
  readonly scope: string | undefined;
  readonly locationId: string;
  readonly companyId: string | undefined;
  /** HighLevel's id of who installed. */
  readonly userId: string | undefined;
  readonly userType: 'Location';
}

/** HighLevel grants a day (HL 2.5). Bounds a nonsensical answer, whose token would otherwise never be refreshed. */
const MAX_LIFETIME_SECONDS = 30 * 24 * 3600;

/** When a token ends that was asked for at `askedAt`. Counted from the request, so that it is never too late. */
export function expiryOf({ expiresInSeconds }: TokenAnswer, askedAt: Date): Date {
  return new Date(askedAt.getTime() + Math.min(expiresInSeconds, MAX_LIFETIME_SECONDS) * 1000);
}

/** The grant in a token answer for the location it is meant for. */
export function grantFrom(answer: TokenAnswer, locationId: string, askedAt: Date): TokenGrant {
  return {
    accessToken: answer.accessToken,
    refreshToken: answer.refreshToken,
    expiresAt: expiryOf(answer, askedAt),
    scope: answer.scope || undefined,
    locationId,
    companyId: answer.companyId,
    userId: answer.userId,
    userType: 'Location',
  };
}
