import { type FastifyInstance } from 'fastify';
import { type AppConfig } from '#libs/config';
import { DOCS_CONTENT_SECURITY_POLICY, isDocs } from './docs-routes.js';

/** A year, as browsers' preload lists ask for at least. */
const HSTS = 'max-age=31536000; includeSubDomains';

/** JSON needs nothing, so nothing is allowed; a page states its own policy instead. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Headers of every answer that a browser may see. Set by one hook from constants rather than by helmet. Routes with raw
 * bodies answer machines with a few bytes of JSON, thousands of times a second: writing, sending and reading what only
 * browsers heed would be a good part of that.
 */
export function registerSecurityHeaders(instance: FastifyInstance, config: AppConfig): void {
  const headers: Record<string, string> = {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-site',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(config.isProduction && { 'strict-transport-security': HSTS }),
  };
  const headersOfDocs = { ...headers, 'content-security-policy': DOCS_CONTENT_SECURITY_POLICY };

  instance.addHook('onRequest', (request, reply, done) => {
    if (!request.takesRawBody) void reply.headers(isDocs(request) ? headersOfDocs : headers);
    done();
  });
}
