import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { AppConfig } from '#libs/config';
import { DomainError, NotAuthorized, NotFound } from '#libs/errors';
import { DOCS_SESSION_PATH, DOCS_UI_PATH, docsSignInPage, explainError, FormBody } from '#libs/http';
import { docsCookie } from './docs-cookie.js';
import { Sessions } from './sessions.js';
import { SignInDto } from './sign-in.dto.js';
import { SignIn } from './sign-in.service.js';
import { Users } from './users.js';

/** Signs an administrator in to read the API documentation in a browser, where `SWAGGER_ACCESS=admin`. */
@ApiExcludeController()
@Controller()
export class DocsSessionController {
  constructor(
    private readonly config: AppConfig,
    private readonly signIn: SignIn,
    private readonly sessions: Sessions,
    private readonly users: Users,
  ) {}

  @Post(DOCS_SESSION_PATH)
  @FormBody()
  async create(
    @Body() { email, password }: SignInDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (this.config.swaggerAccess !== 'admin') throw new NotFound('Page');
    void reply.header('cache-control', 'no-store');
    try {
      const user = await this.signIn.verify({ email, password, ip: request.ip });
      if (!(await this.users.administersAnything(user))) throw new NotAuthorized();
      const session = await this.sessions.issue(user.id, 'docs');
      await reply
        .header('set-cookie', docsCookie(session, this.isSecure(request)))
        .redirect(DOCS_UI_PATH, 303);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { status, body, retryAfterSeconds } = explainError(error, request.locale);
      if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
      await reply
        .status(status)
        .type('text/html; charset=utf-8')
        .send(docsSignInPage(request.locale, body.error));
    }
  }

  private isSecure(request: FastifyRequest): boolean {
    return request.protocol === 'https' || this.config.publicUrl.startsWith('https://');
  }
}
