import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { type INestApplication } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig } from '#libs/config';
import { registerBodyParsers } from './body-parsing.js';
import { allowOrigin } from './cors.js';
import { answerClientError } from './client-error.js';
import { DomainErrorFilter } from './domain-error.filter.js';
import { registerLocale } from './request-locale.js';
import { registerRequestLifecycle } from './request-lifecycle.js';
import { registerSecurityHeaders } from './security-headers.js';
import { serveDocs } from './swagger.js';
import { validationPipe } from './validation.js';

/**
 * Everything an HTTP app of ours needs, to be called once between
 * `NestFactory.create(module, createFastifyAdapter(config))` and `listen`: request ids, body parsers with limits, error
 * shapes, validation, CORS for `FRONTEND_URL` only, security headers, Swagger UI. A process that serves nothing else
 * also calls `app.enableShutdownHooks()`; one that has more to stop in order stops the app itself.
 * @param docs false for an app whose routes are no API of anybody's: the worker's health checks
 */
export function configureApp(
  app: NestFastifyApplication,
  config: AppConfig,
  { docs = true }: { docs?: boolean } = {},
): void {
  const instance = app.getHttpAdapter().getInstance();
  registerLocale(instance, config);
  registerBodyParsers(instance);
  registerRequestLifecycle(instance, config);
  registerSecurityHeaders(instance, config);
  allowOrigin(instance, new URL(config.frontendUrl).origin);

  app.useGlobalFilters(new DomainErrorFilter());
  app.useGlobalPipes(validationPipe());
  answerClientErrors(app, config);
  if (docs) serveDocs(app, config);
}

function answerClientErrors(app: INestApplication, { defaultLocale }: AppConfig): void {
  const server = app.getHttpServer() as Server;
  server.removeAllListeners('clientError');
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    answerClientError(error, socket, defaultLocale);
  });
}
