import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { withoutQuery } from '#libs/logging';
import { explainError } from './explain-error.js';

/**
 * The only place where an error becomes an answer. Faults of ours are logged with their stack and answered with the
 * request id to look for; refusals are part of the work and only logged for debugging.
 */
@Catch()
export class DomainErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(DomainErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { status, body, retryAfterSeconds } = explainError(error, request.locale);

    if (status >= 500) {
      this.logger.error({
        msg: 'Request failed',
        ...request.logContext,
        method: request.method,
        path: withoutQuery(request.url),
        err: error,
      });
      const requestId = request.logContext?.requestId;
      if (body.code === 'internal_error' && requestId !== undefined) body.request_id = requestId;
    } else {
      this.logger.debug({
        msg: 'Request refused',
        ...request.logContext,
        code: body.code,
        reason: error instanceof Error ? error.message : '',
      });
    }

    if (reply.sent || reply.raw.headersSent) return;
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
    void reply.status(status).type('application/json; charset=utf-8').send(body);
  }
}
