import { type FastifyInstance, type FastifyReply } from 'fastify';
import { consentPage, refusalPage } from './consent-page.js';
import { isRecord } from './records.js';
import { type Context } from './context.js';
import { type Approval } from './installations.js';
import { type Company, type Location } from './model.js';
import { sendPage } from './page-headers.js';

/** The second is the older path, which HighLevel's SDK still uses (HL 1.1). */
const PATHS = ['/v2/oauth/chooselocation', '/oauth/chooselocation'];
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const SCOPE = /^[\w./-]{1,100}$/;
const MOST_SCOPES = 300;

interface AuthorizationRequest {
  clientId: string;
  redirectUri: string;
  scope: string;
  state: string;
}

/** A request that cannot be answered by a redirect, because that could send people anywhere. */
class ConsentRefused extends Error {}

/** The consent page and its answer (HL 2.1). */
export function addConsentRoutes(server: FastifyInstance, context: Context): void {
  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof ConsentRefused)) throw error;
    return sendPage(reply.code(400), refusalPage(error.message));
  });

  for (const path of PATHS) {
    server.get(path, (request, reply) => {
      const query = new URLSearchParams(
        Object.entries(isRecord(request.query) ? request.query : {}).map(pair),
      );
      if (query.get('response_type') !== 'code') throw new ConsentRefused('response_type must be "code".');
      const asked = readRequest(context, query);
      const { company, locations } = choices(context);
      return sendPage(reply, consentPage({ ...asked, companyName: company.name, locations, action: path }));
    });

    server.post(path, (request, reply) => {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      return decide(context, form, reply);
    });
  }
}

function decide(context: Context, form: URLSearchParams, reply: FastifyReply): FastifyReply {
  const { redirectUri, scope, state } = readRequest(context, form);
  const decision = form.get('decision');
  if (decision === 'deny')
    return reply.redirect(withParameters(redirectUri, { error: 'access_denied', state }), 302);
  if (decision !== 'approve') throw new ConsentRefused('decision must be "approve" or "deny".');
  const { world } = context;
  const installation = world.installations.install(approvalOf(context, form, scope));
  const { userType, companyId, locationId, userId } = installation;
  const { code } = world.tokens.issueCode({ userType, companyId, locationId, scope, userId }, redirectUri);
  return reply.redirect(withParameters(redirectUri, { code, state }), 302);
}

function readRequest({ app }: Context, given: URLSearchParams): AuthorizationRequest {
  const clientId = given.get('client_id') ?? '';
  const redirectUri = given.get('redirect_uri') ?? '';
  const scopes = (given.get('scope') ?? '').split(' ').filter((name) => name !== '');
  if (clientId !== app.clientId) throw new ConsentRefused(`No app has the client_id "${clientId}".`);
  if (!isRegistered(redirectUri, app.redirectUris))
    throw new ConsentRefused(`The redirect_uri "${redirectUri}" is not registered for this app.`);
  if (scopes.length === 0 || scopes.length > MOST_SCOPES || !scopes.every((name) => SCOPE.test(name)))
    throw new ConsentRefused('scope must hold scope names, separated by spaces.');
  return { clientId, redirectUri, scope: scopes.join(' '), state: given.get('state') ?? '' };
}

/** Exact, down to a trailing slash (HL 2.1); without a list, anything on this machine. */
function isRegistered(redirectUri: string, registered: readonly string[]): boolean {
  if (registered.length > 0) return registered.includes(redirectUri);
  if (!URL.canParse(redirectUri)) return false;
  const { protocol, hostname } = new URL(redirectUri);
  return (protocol === 'http:' || protocol === 'https:') && LOCAL_HOSTS.includes(hostname);
}

/** An agency's choice may come as ticked boxes, as `location_id`, or not at all, which means all locations. */
function approvalOf(context: Context, form: URLSearchParams, scope: string): Approval {
  const { company, locations } = choices(context);
  const userIdFor = (locationId?: string): string => installerOf(context, locationId);
  if (form.get('install_as') !== 'company') {
    const locationId = form.get('location_id') ?? '';
    if (!locations.some(({ id }) => id === locationId)) throw new ConsentRefused('Choose a location.');
    return { companyId: company.id, scope, locationId, userId: userIdFor(locationId) };
  }
  const ticked = form.getAll('approved_location');
  const named = ticked.length > 0 ? ticked : form.getAll('location_id');
  const chosen = locations.map(({ id }) => id).filter((id) => named.length === 0 || named.includes(id));
  if (chosen.length === 0) throw new ConsentRefused('Choose locations of this agency.');
  return {
    companyId: company.id,
    scope,
    userId: userIdFor(),
    approvedLocations: chosen,
    approveAllLocations: chosen.length === locations.length,
    installToFutureLocations: form.get('install_to_future_locations') === 'true',
  };
}

function choices({ world }: Context): { company: Company; locations: Location[] } {
  const [company] = world.companies.values();
  if (!company) throw new ConsentRefused('There is no company to install the app in.');
  return { company, locations: world.locations.values().filter(({ companyId }) => companyId === company.id) };
}

/** The location's own administrator, or the agency's. */
function installerOf({ world }: Context, locationId?: string): string {
  const type = locationId === undefined ? 'agency' : 'account';
  const admin = world.users
    .values()
    .find(
      (user) =>
        user.type === type && user.role === 'admin' && (!locationId || user.locationIds.includes(locationId)),
    );
  return admin?.id ?? '';
}

function withParameters(redirectUri: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) if (value !== '') url.searchParams.set(name, value);
  return url.href;
}

/** Of a parameter that came twice, the first counts. */
function pair([name, value]: [string, unknown]): [string, string] {
  return [name, String(Array.isArray(value) ? value[0] : value)];
}
