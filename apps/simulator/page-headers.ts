import { type FastifyReply } from 'fastify';

/** Pages load scripts and styles of their own only, and cannot be framed. No `form-action`: it would stop redirects after a form. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Answers a page that no cache keeps: it may carry a state or contacts. */
export function sendPage(reply: FastifyReply, content: string, type = 'text/html'): FastifyReply {
  return reply
    .headers({
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .send(content);
}
