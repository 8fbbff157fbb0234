import { type TokenAnswer } from '#libs/highlevel';

/** A token pair as HighLevel just granted it. */
export interface TokenPair {
  readonly accessToken: string;
  /** Absent where the answer brought none: the stored one then stays valid (RFC 6749 6). */
  readonly refreshToken: string | undefined;
  readonly expiresAt: Date;
  /** Granted scopes, separated by spaces; absent where the answer did not say. */
  readonly scope: string | undefined;
  readonly companyId: string | undefined;
  /** HighLevel's id of who installed. */
  readonly userId: string | undefined;
}

/** The pair of one location. */
export interface TokenGrant extends TokenPair {
  readonly locationId: string;
}

/** HighLevel grants a day (HL 2.5). Bounds a nonsensical answer, whose token would otherwise never be refreshed. */
const MAX_LIFETIME_SECONDS = 30 * 24 * 3600;

/** The pair in an answer to what was asked at `askedAt`. Its end is counted from there, so that it is never too late. */
export function pairFrom(answer: TokenAnswer, askedAt: Date): TokenPair {
  const lifetimeSeconds = Math.min(answer.expiresInSeconds, MAX_LIFETIME_SECONDS);
  return {
    accessToken: answer.accessToken,
    refreshToken: answer.refreshToken,
    expiresAt: new Date(askedAt.getTime() + lifetimeSeconds * 1000),
    scope: answer.scope || undefined,
    companyId: answer.companyId,
    userId: answer.userId,
  };
}

/** The grant in a token answer for the location it is meant for. */
export function grantFrom(answer: TokenAnswer, locationId: string, askedAt: Date): TokenGrant {
  return { ...pairFrom(answer, askedAt), locationId };
}
