/** Path of the page where a user chooses locations and grants scopes (HL 1.1, 2.1). */
const CHOOSE_LOCATION_PATH = '/v2/oauth/chooselocation';

export interface AuthorizationRequest {
  /** `https://marketplace.gohighlevel.com`, its white-label twin, or a simulator. */
  marketplaceUrl: string;
  clientId: string;
  /** Exactly as registered, trailing slash included. */
  redirectUri: string;
  scopes: readonly string[];
  state: string;
  /** Draft and private app versions need it (HL 2.1). */
  versionId?: string;
}

/** Where to send the user. No PKCE: HighLevel does not support it (HL 2.1). */
export function authorizationUrl(request: AuthorizationRequest): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scopes.join(' '),
    state: request.state,
    ...(request.versionId !== undefined && { version_id: request.versionId }),
  });
  const base = request.marketplaceUrl.replace(/\/+$/, '');
  return `${base}${CHOOSE_LOCATION_PATH}?${query.toString().replaceAll('+', '%20')}`;
}
