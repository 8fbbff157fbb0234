import { type Server } from 'node:http';
import { type INestApplication } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig } from '#libs/config';
import { registerBodyParsers } from './body-parsing.js';
import { answerClientError } from './client-error.js';
import { DomainErrorFilter } from './domain-error.filter.js';
import { registerRequestLifecycle } from './request-lifecycle.js';
import { registerSecurityHeaders } from './security-headers.js';
import { serveDocs } from './swagger.js';
import { validationPipe } from './validation.js';

/** How long a browser may remember a preflight answer. */
const CORS_MAX_AGE_SECONDS = 600;

/**
 * Everything an HTTP app of ours needs, to be called once between
 * `NestFactory.create(module, createFastifyAdapter(config))` and `listen`: request ids, body parsers with limits, error
 * shapes, validation, CORS for `FRONTEND_URL` only, security headers, Swagger UI. A process that serves nothing else
 * also calls `app.enableShutdownHooks()`; one that has more to stop in order stops the app itself.
 */
export async function configureApp(app: NestFastifyApplication, config: AppConfig): Promise<void> {
  const instance = app.getHttpAdapter().getInstance();
  registerRequestLifecycle(instance);
  registerBodyParsers(instance);
  await registerSecurityHeaders(app, config);
  allowFrontend(app, config);

  app.useGlobalFilters(new DomainErrorFilter());
  app.useGlobalPipes(validationPipe());
  answerClientErrors(app);
  serveDocs(app, config);
}

function allowFrontend(app: NestFastifyApplication, config: AppConfig): void {
  app.enableCors({
    origin: [new URL(config.frontendUrl).origin],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'content-type',
      'authorization',
      'api_access_token',
      'access-token',
      'client',
      'uid',
      'token-type',
      'expiry',
      'x-request-id',
    ],
    exposedHeaders: [
      'access-token',
      'client',
      'uid',
      'expiry',
      'authorization',
      'retry-after',
      'x-request-id',
    ],
    credentials: false,
    maxAge: CORS_MAX_AGE_SECONDS,
  });
}

function answerClientErrors(app: INestApplication): void {
  const server = app.getHttpServer() as Server;
  server.removeAllListeners('clientError');
  server.on('clientError', answerClientError);
}
