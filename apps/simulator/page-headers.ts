import { type FastifyReply } from 'fastify';

/** Pages load scripts and styles of their own only, frame nothing unless told, and cannot be framed. No `form-action`: it would stop redirects after a form. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Answers a page that no cache keeps: it may carry a state or contacts.
 * @param framed the one origin that it may show in a frame
 */
export function sendPage(
  reply: FastifyReply,
  content: string,
  { type = 'text/html', framed }: { type?: string; framed?: string } = {},
): FastifyReply {
  return reply
    .headers({
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy':
        framed === undefined ? CONTENT_SECURITY_POLICY : `${CONTENT_SECURITY_POLICY}; frame-src ${framed}`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .send(content);
}
