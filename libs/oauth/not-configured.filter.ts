import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { NotConfigured } from '#libs/errors';
import { explainError } from '#libs/http';

/** Chatwoot's authorization endpoints answer `success: false` when they cannot begin (DM 3). */
@Catch(NotConfigured)
export class NotConfiguredFilter implements ExceptionFilter<NotConfigured> {
  catch(error: NotConfigured, host: ArgumentsHost): void {
    const { status, body } = explainError(error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply.status(status).send({ success: false, ...body });
  }
}
