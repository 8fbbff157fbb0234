import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AppConfig } from '#libs/config';
import { type LogContext, requestContext, withoutQuery } from '#libs/logging';

declare module 'fastify' {
  interface FastifyRequest {
    /** What every log line about this request says of it. */
    logContext?: LogContext;
  }
}

const REQUEST_ID_HEADER = 'x-request-id';
/** What a proxy's id may look like; anything else could forge log lines. */
const SANE_REQUEST_ID = /^[A-Za-z0-9_.:-]{8,128}$/;

/**
 * Gives every request an id (the caller's, where it is sane), answers it back, and makes it part of every log line.
 * One line a request when it is answered; below the usual level for what machines ask all the time. Routes with raw
 * bodies, of which thousands a second may come, run outside of `requestContext`: they name `request.logContext`.
 */
export function registerRequestLifecycle(
  instance: FastifyInstance,
  { logLevel }: Pick<AppConfig, 'logLevel'>,
): void {
  const logger = new Logger('Http');
  const saysEverything = logLevel === 'debug' || logLevel === 'trace';
  let inContext = 0;
  instance.decorateRequest('logContext');

  instance.addHook('onRequest', (request, reply, done) => {
    const given = request.headers[REQUEST_ID_HEADER];
    const requestId = typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
    void reply.header(REQUEST_ID_HEADER, requestId);
    request.logContext = { requestId };
    if (!request.takesRawBody) inContext += 1;
    done();
  });

  // Not before the body is read: reading leaves an asynchronous context.
  instance.addHook('preValidation', (request, _reply, done) => {
    if (request.takesRawBody || !request.logContext) done();
    else requestContext.run(request.logContext, done);
  });

  instance.addHook('onResponse', (request, reply, done) => {
    if (!request.takesRawBody) {
      inContext -= 1;
      // Before Node 24 every promise of the process pays for contexts that somebody may be in: a fifth of a delivery.
      if (inContext === 0) requestContext.disable();
    }
    const isRoutine = isAskedAllTheTime(request, reply);
    if (!isRoutine || saysEverything) {
      const line = {
        msg: 'Request answered',
        ...request.logContext,
        method: request.method,
        path: withoutQuery(request.url),
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
      };
      if (isRoutine) logger.debug(line);
      else logger.log(line);
    }
    done();
  });
}

/**
 * Deliveries that were accepted, or come too fast, and health and metrics: at a thousand a second nobody reads a line
 * of each.
 */
function isAskedAllTheTime(request: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (request.takesRawBody) return statusCode < 400 || statusCode === 429;
  return statusCode < 400 && /^\/(health|metrics)\b/.test(request.routeOptions.url ?? '');
}
