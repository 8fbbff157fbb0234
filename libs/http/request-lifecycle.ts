import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type LogContext, requestContext, withoutQuery } from '#libs/logging';
import { takesRawBody } from './body-parsing.js';

const REQUEST_ID_HEADER = 'x-request-id';
/** What a proxy's id may look like; anything else could forge log lines. */
const SANE_REQUEST_ID = /^[A-Za-z0-9_.:-]{8,128}$/;

/**
 * Gives every request an id (the caller's, where it is sane), answers it back, and makes it part of every log line.
 * One line a request when it is answered; below the usual level for what machines ask all the time.
 */
export function registerRequestLifecycle(instance: FastifyInstance): void {
  const logger = new Logger('Http');
  const contexts = new WeakMap<object, LogContext>();

  instance.addHook('onRequest', (request, reply, done) => {
    const given = request.headers[REQUEST_ID_HEADER];
    const requestId = typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
    void reply.header(REQUEST_ID_HEADER, requestId);
    const context = { requestId };
    contexts.set(request, context);
    requestContext.run(context, done);
  });

  // Reading a body leaves the asynchronous context of the hook above: enter it again before guards and handler run.
  instance.addHook('preValidation', (request, _reply, done) => {
    requestContext.run(contexts.get(request) ?? {}, done);
  });

  instance.addHook('onResponse', (request, reply, done) => {
    const line = {
      msg: 'Request answered',
      method: request.method,
      path: withoutQuery(request.url),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    };
    requestContext.run(contexts.get(request) ?? {}, () => {
      if (isRoutine(request, reply)) logger.debug(line);
      else logger.log(line);
    });
    done();
  });
}

/** Deliveries that were accepted, and health and metrics: at a thousand a second nobody reads a line of each. */
function isRoutine({ routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  return (
    statusCode < 400 && (takesRawBody(routeOptions) || /^\/(health|metrics)\b/.test(routeOptions.url ?? ''))
  );
}
