import { type FastifyRequest } from 'fastify';

export const DOCS_UI_PATH = '/docs';
export const DOCS_DOCUMENT_PATH = '/docs-json';
/** Where the sign-in form of the documentation posts to; `#libs/auth` answers it. */
export const DOCS_SESSION_PATH = '/docs/session';

/** Swagger UI's scripts are files of this server; its styles are partly inline, its icons are data URLs. */
export const DOCS_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Asks for the route that was matched: addresses can be spelled in too many ways to be compared. */
export function isDocs(request: FastifyRequest): boolean {
  return request.routeOptions.url?.startsWith(DOCS_UI_PATH) === true;
}
