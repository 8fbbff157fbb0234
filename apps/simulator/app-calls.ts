import { STATUS_CODES } from 'node:http';
import { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { addAgencyRoutes } from './agency-routes.js';
import { ApiError, badRequest, notFound, unauthorized } from './api-error.js';
import { bearerToken } from './api-routes.js';
import { addContactRoutes } from './contact-routes.js';
import { addContactSearchRoutes } from './contact-search-routes.js';
import { type Context } from './context.js';
import { type Fault } from './faults.js';
import { newHexId } from './identifiers.js';
import { addLocationRoutes } from './location-routes.js';
import { addMarketplaceRoutes } from './marketplace-routes.js';
import { addOAuthRoutes } from './oauth-routes.js';
import { addUserRoutes } from './user-routes.js';

/** Stands for an answer that was cut off: no JSON, whatever its header says. */
const GARBAGE = '{"contact":{"id":"';

/**
 * Everything the app calls, in one place: faults strike here, and calls are logged here, and nowhere else.
 * Conversations join as one more `add…Routes`.
 */
export function addAppCalls(server: FastifyInstance, context: Context): void {
  const struck = new WeakMap<FastifyRequest, Fault>();
  const startedAt = new WeakMap<FastifyRequest, number>();
  const log = (request: FastifyRequest, status: number): void =>
    context.requests.record({
      at: new Date(context.now()).toISOString(),
      method: request.method,
      path: pathOf(request),
      status,
      durationMs: Math.round(performance.now() - (startedAt.get(request) ?? performance.now())),
      ...(struck.has(request) && { fault: struck.get(request)?.kind }),
    });

  server.addHook('onRequest', async (request, reply) => {
    startedAt.set(request, performance.now());
    for (const fault of context.faults.strikeRequest(request.method, pathOf(request))) {
      struck.set(request, fault);
      if (fault.kind === 'delay') await context.faults.wait(fault);
      else if (fault.kind === 'drop_connection') {
        log(request, 0);
        reply.hijack();
        request.raw.socket.destroy();
      } else refuse(context, fault, request);
    }
  });

  server.addHook('onSend', async (request, reply, payload) => {
    log(request, reply.statusCode);
    const fault = struck.get(request);
    if (fault?.kind === 'lose_answer') request.raw.socket.destroy();
    if (fault?.kind !== 'garbage') return payload;
    reply.header('content-length', Buffer.byteLength(GARBAGE));
    return GARBAGE;
  });

  server.setErrorHandler((error: FastifyError | ApiError | FaultAnswer, _request, reply) => {
    if (error instanceof FaultAnswer) return reply.code(error.status).headers(error.headers).send(error.body);
    const refusal = error instanceof ApiError ? error : refusalOf(error);
    return reply.code(refusal.status).send(refusal.body(newHexId()));
  });
  server.setNotFoundHandler((request) => {
    throw notFound(`Cannot ${request.method} ${pathOf(request)}`);
  });

  addOAuthRoutes(server, context);
  addAgencyRoutes(server, context);
  addContactRoutes(server, context);
  addContactSearchRoutes(server, context);
  addLocationRoutes(server, context);
  addUserRoutes(server, context);
  addMarketplaceRoutes(server, context);
}

/** Faults that answer instead of the call. @throws FaultAnswer or ApiError */
function refuse({ world }: Context, fault: Fault, request: FastifyRequest): void {
  switch (fault.kind) {
    case 'status':
      throw new FaultAnswer(fault.status ?? 500, fault.body);
    case 'rate_limit':
      throw new FaultAnswer(429, fault.body, {
        'X-RateLimit-Remaining': '0',
        ...(fault.retryAfter !== undefined && { 'Retry-After': String(fault.retryAfter) }),
      });
    case 'revoke_token':
      world.tokens.revokeAccess(bearerToken(request) ?? '');
      throw unauthorized('Invalid token: access token is invalid');
    case 'location_not_active':
      throw badRequest('Location is not active');
    default: // the call is executed, and what becomes of its answer is onSend's affair
      return;
  }
}

/** Unreadable bodies are the caller's fault; anything else is a defect of the simulator. */
function refusalOf({ statusCode = 500, message }: FastifyError): ApiError {
  return statusCode < 500 ? new ApiError(statusCode, message) : new ApiError(500, 'Internal server error');
}

/** A status on request, with the body that was ordered or one in HighLevel's words. */
class FaultAnswer extends Error {
  readonly body: unknown;

  constructor(
    readonly status: number,
    body: unknown,
    readonly headers: Record<string, string> = {},
  ) {
    super(STATUS_CODES[status] ?? 'Simulated status');
    this.body =
      body ?? new ApiError(status, status === 500 ? 'Internal server error' : this.message).body(newHexId());
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}
