import { timingSafeEqual } from 'node:crypto';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { badRequest, unauthorized, unprocessable } from './api-error.js';
import { type Context } from './context.js';
import { newHexId } from './identifiers.js';
import { type Grant, type Json } from './model.js';
import { bodyOf } from './request-body.js';
import { issueTokens } from './token-answer.js';
import { tokenKey } from './token-text.js';

type Fields = Readonly<Record<string, string | undefined>>;

const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'];
const USER_TYPES = ['Company', 'Location'];

/** The token endpoint and the way back to a lost pair (HL 2.2, 2.8). Neither asks for a token or a version. */
export function addOAuthRoutes(server: FastifyInstance, context: Context): void {
  server.post('/oauth/token', (request) => {
    const fields = fieldsOf(request);
    const grantType = readGrantType(fields);
    requireClient(context, required(fields, 'client_id'), required(fields, 'client_secret'));
    if (grantType === 'authorization_code') return exchangeCode(context, fields);
    if (grantType === 'refresh_token') return refresh(context, fields);
    throw badRequest('Invalid parameter: `grant_type`'); // in the official list, and described nowhere (HL 2.2)
  });

  server.post('/oauth/reconnect', (request) => {
    const fields = fieldsOf(request);
    requireClient(context, required(fields, 'clientKey'), required(fields, 'clientSecret'));
    const { locationId, companyId } = fields;
    const id = locationId ?? companyId;
    if (id === undefined) throw badRequest('Missing parameter: `locationId` or `companyId`');
    const installation = context.world.installations.find(
      locationId === undefined ? 'Company' : 'Location',
      id,
    );
    if (!installation) throw badRequest('The app is not installed there');
    requireActive(context, installation);
    const { code, expiresAt } = context.world.tokens.issueCode(grantOf(installation));
    return { authorizationCode: code, expiresAt: new Date(expiresAt).toISOString(), traceId: newHexId() };
  });
}

/** A suspended location gets no tokens, and its refresh token stays good (HL 2.6). @throws ApiError 400 */
export function requireActive({ world }: Context, { locationId }: { locationId?: string }): void {
  if (locationId !== undefined && !world.locations.get(locationId)?.active)
    throw badRequest('Location is not active');
}

/** Form or JSON: the specification says form, one page of the documentation shows JSON (HL 2.2). */
function fieldsOf(request: FastifyRequest): Fields {
  const entries = Object.entries(bodyOf(request));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''),
  );
}

function exchangeCode(context: Context, fields: Fields): Json {
  const found = context.world.tokens.takeCode(required(fields, 'code'));
  if (!found) throw badRequest('Invalid grant: authorization code is invalid');
  if (found === 'expired') throw badRequest('Invalid grant: authorization code has expired');
  const { redirect_uri: redirectUri } = fields;
  if (redirectUri !== undefined && found.redirectUri !== undefined && redirectUri !== found.redirectUri)
    throw badRequest('Invalid grant: `redirect_uri` is not the one of the authorization');
  if (!context.world.installations.holds(found.grant))
    throw badRequest('Invalid grant: authorization code is invalid');
  requireActive(context, found.grant);
  return issueTokens(context, found.grant);
}

/** Of several callers with one refresh token, the first gets the new pair (HL 2.5). */
function refresh(context: Context, fields: Fields): Json {
  const token = required(fields, 'refresh_token');
  const { world } = context;
  const grant = world.tokens.grantOfRefresh(token);
  if (grant) requireActive(context, grant);
  const taken = world.tokens.takeRefresh(token);
  if (!taken || !world.installations.holds(taken))
    throw badRequest('Invalid grant: refresh token is invalid');
  return issueTokens(context, taken);
}

function readGrantType(fields: Fields): string {
  const grantType = required(fields, 'grant_type');
  const problems: string[] = [];
  if (!GRANT_TYPES.includes(grantType))
    problems.push(`grant_type must be one of the following values: ${GRANT_TYPES.join(', ')}`);
  const { user_type: userType } = fields;
  if (userType !== undefined && !USER_TYPES.includes(userType))
    problems.push(`user_type must be one of the following values: ${USER_TYPES.join(', ')}`);
  if (problems.length > 0) throw unprocessable(problems);
  return grantType;
}

function required(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) throw badRequest(`Missing parameter: \`${name}\``);
  return value;
}

/** Compared as digests, which have one length and give nothing away by the time it takes. */
function requireClient({ app }: Context, clientId: string, clientSecret: string): void {
  const given = Buffer.from(tokenKey(clientSecret));
  const expected = Buffer.from(tokenKey(app.clientSecret));
  if (clientId !== app.clientId || !timingSafeEqual(given, expected))
    throw unauthorized('Invalid client: client credentials are invalid');
}

function grantOf({ userType, companyId, locationId, scope, userId }: Grant): Grant {
  return { userType, companyId, locationId, scope, userId };
}
