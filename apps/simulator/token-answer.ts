import { type Context } from './context.js';
import { type Grant, type Json, resourceOf } from './model.js';

/** Issues a pair for the grant, in the words of the token endpoint: snake_case and camelCase in one object (HL 2.3). */
export function issueTokens({ world }: Context, grant: Grant): Json {
  const { accessToken, refreshToken, refreshTokenId, expiresInSeconds } = world.tokens.issue(grant);
  const { userType, companyId, locationId, userId, scope } = grant;
  const common = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    refresh_token: refreshToken,
    refreshTokenId,
    scope,
    userType,
    companyId,
  };
  if (userType === 'Location') return { ...common, locationId, isBulkInstallation: false, userId };
  const installation = world.installations.find('Company', resourceOf(grant));
  return {
    ...common,
    isBulkInstallation: true,
    approvedLocations: installation?.approvedLocations ?? [],
    approveAllLocations: installation?.approveAllLocations ?? false,
    installToFutureLocations: installation?.installToFutureLocations ?? false,
    userId,
  };
}
