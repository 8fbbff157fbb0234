import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply } from 'fastify';
import { type AppConfig } from '#libs/config';

/** Where `vite build` leaves the console; beside the compiled apps. */
const BUILD = join(import.meta.dirname, '..', '..', 'console');

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The settings pages at `/app`, as long as DeskFlow's own frontend does not serve them: where `FRONTEND_URL` is this
 * service itself and the pages were built. All addresses below `/app` are one page, whose script looks at the address.
 * @returns whether they are served
 */
export function serveConsole(app: NestFastifyApplication, config: AppConfig, build = BUILD): boolean {
  const isOwnFrontend = new URL(config.frontendUrl).origin === new URL(config.publicUrl).origin;
  if (!isOwnFrontend || !existsSync(join(build, 'index.html'))) return false;
  const built = readFileSync(join(build, 'index.html'), 'utf8');
  // Then the pages go by their neutral name, and name no vendor.
  const page = config.ghl.isWhiteLabel ? built.replace('<html ', '<html data-provider="crm" ') : built;
  const sendPage = (_request: unknown, reply: FastifyReply): FastifyReply =>
    reply
      .headers({ 'content-security-policy': CONTENT_SECURITY_POLICY, 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(page);

  const instance = app.getHttpAdapter().getInstance();
  // Their names change with their content.
  instance.register(fastifyStatic, {
    root: join(build, 'assets'),
    prefix: '/app/assets/',
    decorateReply: false,
    index: false,
    immutable: true,
    maxAge: '1y',
  });
  instance.get('/app', sendPage);
  instance.get('/app/*', sendPage);
  instance.get('/', (_request, reply) => reply.redirect('/app'));
  return true;
}
