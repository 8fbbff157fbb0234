import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyInstance, type FastifyReply } from 'fastify';
import { type AppConfig } from '#libs/config';

/** Where `vite build` leaves the console; beside the compiled apps. */
const BUILD = join(import.meta.dirname, '..', '..', 'console');

/** What is served of the build. */
export interface Served {
  /** The settings pages at `/app`, which DeskFlow's own frontend serves where there is one. */
  readonly console: boolean;
  /** The page for HighLevel's frame, which needs no frontend but this service. */
  readonly sso: boolean;
}

/**
 * The pages, as far as they were built. All addresses below `/app` are one page, whose script looks at the address; the
 * one for HighLevel's frame (HL 8) is another, and the only one that anybody may frame.
 */
export function serveConsole(app: NestFastifyApplication, config: AppConfig, build = BUILD): Served {
  if (!existsSync(join(build, 'index.html'))) return { console: false, sso: false };
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
  const isOwnFrontend = new URL(config.frontendUrl).origin === new URL(config.publicUrl).origin;
  if (isOwnFrontend) serveSettingsPages(instance, config, build);
  serveFramedPage(instance, config, build);
  return { console: isOwnFrontend, sso: true };
}

function serveSettingsPages(instance: FastifyInstance, { ghl }: AppConfig, build: string): void {
  const page = readPage(build, 'index.html', { 'data-provider': ghl.isWhiteLabel && 'crm' });
  const send = (_request: unknown, reply: FastifyReply): FastifyReply => sendPage(reply, page, ["'none'"]);
  instance.get('/app', send);
  instance.get('/app/*', send);
  instance.get('/', (_request, reply) => reply.redirect('/app'));
}

function serveFramedPage(instance: FastifyInstance, { ghl, frontendUrl }: AppConfig, build: string): void {
  for (const provider of ['ghl', 'crm']) {
    const isNeutral = ghl.isWhiteLabel || provider === 'crm';
    const attributes = { 'data-provider': isNeutral && 'crm', 'data-frontend': frontendUrl };
    const page = readPage(build, 'sso.html', attributes);
    instance.get(`/${provider}/sso`, (_request, reply) =>
      // Its other half, X-Frame-Options, knows no list of who may.
      sendPage(reply.removeHeader('x-frame-options'), page, ghl.frameAncestors),
    );
  }
}

/** @param attributes of its root, for its script; those that are false are left out */
function readPage(build: string, file: string, attributes: Readonly<Record<string, string | false>>): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== false)
    .map(([name, value]) => `${name}="${escaped(String(value))}" `);
  return readFileSync(join(build, file), 'utf8').replace('<html ', `<html ${written.join('')}`);
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}

function sendPage(reply: FastifyReply, page: string, frameAncestors: readonly string[]): FastifyReply {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.join(' ')}`,
  ];
  return reply
    .headers({ 'content-security-policy': policy.join('; '), 'cache-control': 'no-cache' })
    .type('text/html; charset=utf-8')
    .send(page);
}
