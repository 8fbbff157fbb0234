import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiError, badRequest, forbidden, unauthorized } from './api-error.js';
import { isRecord } from './records.js';
import { type Context } from './context.js';
import { newHexId } from './identifiers.js';
import { type Grant, type Json, type Location, resourceOf, type UserType } from './model.js';
import { bodyOf } from './request-body.js';

/** A call of the app that may be answered: its token, scope, version and budget are in order. */
export interface ApiCall {
  grant: Grant;
  params: Readonly<Record<string, string | undefined>>;
  query: Readonly<Record<string, string | undefined>>;
  /** Empty where the body is missing or no object: then required fields are missing, too. */
  body: Json;
}

export interface Answer {
  /** 200 unless said. */
  status?: number;
  body: Json;
}

export interface ApiRoute {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  scope: string;
  /** Which tokens may call; either where it is left out. */
  level?: UserType;
  answer(call: ApiCall): Answer;
}

/** HL 1.3 without `v3`, whose bodies differ and which this simulator does not speak. */
const VERSIONS = ['legacy', '2021-04-15', '2021-07-28', '2023-02-21'];

/** Adds a route that asks for a bearer token, and answers as HighLevel's gateway does before the call itself does. */
export function addApiRoute(server: FastifyInstance, context: Context, route: ApiRoute): void {
  server.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      const grant = authorize(context, request, route);
      spend(context, reply, grant);
      requireVersion(request);
      const { status = 200, body } = route.answer({
        grant,
        params: request.params as Record<string, string>,
        query: textsOf(request.query),
        body: bodyOf(request),
      });
      return reply.code(status).send({ ...body, traceId: newHexId() });
    },
  });
}

/** The location a call names, or the token's own; a token opens no other (HL 1.6). */
export function locationOf(context: Context, grant: Grant, named: unknown): Location {
  const id = typeof named === 'string' && named !== '' ? named : grant.locationId;
  const location = id === undefined ? undefined : context.world.locations.get(id);
  const reachable =
    grant.userType === 'Company' ? location?.companyId === grant.companyId : id === grant.locationId;
  if (!location || !reachable) throw forbidden('The token does not have access to this location.');
  return location;
}

/** The token of a request, as it came. */
export function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function authorize(context: Context, request: FastifyRequest, { scope, level }: ApiRoute): Grant {
  const token = bearerToken(request);
  const grant = token === undefined ? undefined : context.world.tokens.grantOf(token);
  if (!grant || !context.world.installations.holds(grant))
    throw unauthorized('Invalid token: access token is invalid');
  if (level !== undefined && grant.userType !== level)
    throw forbidden(`This call needs a ${level} token, and the token is one of a ${grant.userType}.`);
  if (!grant.scope.split(' ').includes(scope))
    throw unauthorized('The token is not authorized for this scope.');
  return grant;
}

function spend({ rateLimiter }: Context, reply: FastifyReply, grant: Grant): void {
  const { allowed, headers } = rateLimiter.spend(resourceOf(grant));
  reply.headers(headers);
  if (!allowed) throw new ApiError(429, 'Too Many Requests');
}

function requireVersion(request: FastifyRequest): void {
  const version = request.headers['version'];
  if (version === undefined) throw badRequest('version header was not found');
  if (typeof version !== 'string' || !VERSIONS.includes(version))
    throw badRequest(`version header is invalid: use one of ${VERSIONS.join(', ')}`);
}

/** A parameter that came twice counts once. */
function textsOf(query: unknown): Record<string, string | undefined> {
  const entries = Object.entries(isRecord(query) ? query : {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? String(value[0]) : String(value)]),
  );
}
