import { booleanOf, isRecord, numberOf, present, textOf, textsOf } from './untyped-json.js';

export type UserType = 'Location' | 'Company';

/** A token pair and whom it is for (HL 2.3). */
export interface TokenAnswer {
  accessToken: string;
  /** A location token minted from an agency's may lack it (HL 2.5); then the one at hand stays (RFC 6749 6). */
  refreshToken?: string;
  /** `ASSUMED_LIFETIME_SECONDS` where the answer says nothing that makes sense. */
  expiresInSeconds: number;
  /** What was granted, separated by spaces. */
  scope: string;
  /** Decides what the token may call, whatever was asked for (HL 2.2). */
  userType: UserType;
  /** Always there in the answer to a code with `userType: 'Location'`. */
  locationId?: string;
  companyId?: string;
  userId?: string;
  planId?: string;
  /** `true`: an agency installed a sub-account app; its locations get tokens of their own (HL 2.4). */
  isBulkInstallation?: boolean;
  approvedLocations?: string[];
  approveAllLocations?: boolean;
  installToFutureLocations?: boolean;
}

/** What the caller knows already and the answer need not repeat. */
export type KnownOwner = Partial<Pick<TokenAnswer, 'userType' | 'locationId' | 'companyId'>>;

/**
 * Of a token whose end nobody says. To refuse the answer would lose the pair in it, whose predecessor is used up; so it
 * is taken, and renewed soon.
 */
export const ASSUMED_LIFETIME_SECONDS = 3_600;

/** Reads a token answer; undefined when one cannot work with it. snake_case and camelCase in one object (HL 2.3). */
export function readTokenAnswer(body: unknown, known: KnownOwner = {}): TokenAnswer | undefined {
  if (!isRecord(body)) return undefined;
  const accessToken = textOf(body.access_token);
  const userType = userTypeOf(body.userType) ?? known.userType;
  if (accessToken === undefined || userType === undefined) return undefined;
  return present({
    accessToken,
    refreshToken: textOf(body.refresh_token),
    expiresInSeconds: lifetimeOf(body.expires_in),
    scope: textOf(body.scope) ?? '',
    userType,
    locationId: textOf(body.locationId) ?? known.locationId,
    companyId: textOf(body.companyId) ?? known.companyId,
    userId: textOf(body.userId),
    planId: textOf(body.planId),
    isBulkInstallation: booleanOf(body.isBulkInstallation),
    approvedLocations: textsOf(body.approvedLocations),
    approveAllLocations: booleanOf(body.approveAllLocations),
    installToFutureLocations: booleanOf(body.installToFutureLocations),
  });
}

/** The answer says for which location, or which company, it is. */
export function namesOwner({ userType, locationId, companyId }: TokenAnswer): boolean {
  return (userType === 'Location' ? locationId : companyId) !== undefined;
}

function lifetimeOf(value: unknown): number {
  const seconds = numberOf(value) ?? 0;
  return seconds > 0 ? seconds : ASSUMED_LIFETIME_SECONDS;
}

function userTypeOf(value: unknown): UserType | undefined {
  return value === 'Location' || value === 'Company' ? value : undefined;
}
