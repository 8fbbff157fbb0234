import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AppConfig } from '#libs/config';
import { type Locale } from '#libs/i18n';
import { explainError } from './explain-error.js';

/** A request that has not arrived completely after this long is given up. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than load balancers keep idle connections (60 s is usual), so that they hang up first. */
const KEEP_ALIVE_MS = 65_000;
/** Ids and tokens are short; the router answers 414 to a longer parameter. */
const MAX_PARAMETER_LENGTH = 200;

/** Fastify as our HTTP apps run it: what can only be said when it is made. `configureApp` says the rest. */
export function createFastifyAdapter(config: AppConfig): FastifyAdapter {
  return new Adapter({
    trustProxy: trustedProxies(config.trustProxy),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    frameworkErrors: answerRouterErrorsIn(config.defaultLocale),
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
  });
}

class Adapter extends FastifyAdapter {
  /** Nest would put its own parsers over those of body-parsing.ts. */
  override registerParserMiddleware(): void {
    return;
  }
}

/** The router refuses an address it cannot read before any hook or filter of the application runs. */
function answerRouterErrorsIn(locale: Locale): FrameworkErrors {
  return (error, _request, reply) => {
    const { status, body } = explainError(error, locale);
    void reply.status(status).send(body);
  };
}

type FrameworkErrors = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void;

type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean);

function trustedProxies(given: AppConfig['trustProxy']): TrustProxy {
  return typeof given === 'number' ? (_address, hop) => hop < given : given;
}
