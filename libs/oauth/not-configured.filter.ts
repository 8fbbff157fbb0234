import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { NotConfigured } from '#libs/errors';
import { explainError } from '#libs/http';

/** Chatwoot's authorization endpoints answer `success: false` when they cannot begin (DM 3). */
@Catch(NotConfigured)
export class NotConfiguredFilter implements ExceptionFilter<NotConfigured> {
  catch(error: NotConfigured, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { status, body } = explainError(error, http.getRequest<FastifyRequest>().locale);
    void http
      .getResponse<FastifyReply>()
      .status(status)
      .send({ success: false, ...body });
  }
}
