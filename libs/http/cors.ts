import { type FastifyInstance } from 'fastify';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = [
  'content-type',
  'authorization',
  'api_access_token',
  'access-token',
  'client',
  'uid',
  'token-type',
  'expiry',
  'x-request-id',
].join(', ');
const EXPOSED_HEADERS = 'access-token, client, uid, expiry, authorization, retry-after, x-request-id';
/** How long a browser may remember the answer to a preflight. */
const MAX_AGE_SECONDS = '600';

/**
 * Lets pages of one origin call the API (https://fetch.spec.whatwg.org/#http-cors-protocol), without cookies. Others get
 * no header, so their browsers refuse. No page delivers webhooks.
 */
export function allowOrigin(instance: FastifyInstance, origin: string): void {
  instance.addHook('onRequest', (request, reply, done) => {
    if (request.takesRawBody) {
      done();
      return;
    }
    void reply.header('vary', 'Origin');
    const isAllowed = request.headers.origin === origin;
    if (isAllowed) {
      void reply.header('access-control-allow-origin', origin);
      void reply.header('access-control-expose-headers', EXPOSED_HEADERS);
    }
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      done();
      return;
    }
    if (isAllowed) {
      void reply.header('access-control-allow-methods', METHODS);
      void reply.header('access-control-allow-headers', REQUEST_HEADERS);
      void reply.header('access-control-max-age', MAX_AGE_SECONDS);
    }
    void reply.status(204).send();
  });
}
