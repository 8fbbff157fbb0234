import { type Server } from 'node:http';
import { type INestApplication } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AppConfig } from '#libs/config';
import { registerBodyParsers } from './body-parsing.js';
import { answerClientError } from './client-error.js';
import { DomainErrorFilter } from './domain-error.filter.js';
import { explainError } from './explain-error.js';
import { registerRequestLifecycle } from './request-lifecycle.js';
import { registerSecurityHeaders } from './security-headers.js';
import { serveDocs } from './swagger.js';
import { validationPipe } from './validation.js';

/** A request that has not arrived completely after this long is given up. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than load balancers keep idle connections (60 s is usual), so that they hang up first. */
const KEEP_ALIVE_MS = 65_000;
/** How long a browser may remember a preflight answer. */
const CORS_MAX_AGE_SECONDS = 600;

/** Fastify as our HTTP apps run it; what can only be said when it is made. */
export function createFastifyAdapter(config: AppConfig): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: trustedProxies(config.trustProxy),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    frameworkErrors: answerRouterError,
    // Ids and tokens are short; find-my-way stops reading a longer parameter with 414.
    routerOptions: { maxParamLength: 200 },
  });
}

/**
 * Everything an HTTP app of ours needs, to be called once between `NestFactory.create(module, adapter, { bodyParser:
 * false })` and `listen`: request ids, body parsers with limits, error shapes, validation, CORS for `FRONTEND_URL`
 * only, security headers, Swagger UI, shutdown on signals.
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
  app.enableShutdownHooks();
}

/** The router refuses an address it cannot read before any hook or filter of the application runs. */
function answerRouterError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, body } = explainError(error);
  void reply.status(status).send(body);
}

type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean);

function trustedProxies(given: AppConfig['trustProxy']): TrustProxy {
  return typeof given === 'number' ? (_address, hop) => hop < given : given;
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
