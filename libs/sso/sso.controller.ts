import { applyDecorators, Body, Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { ApiErrors, type Shape } from '#libs/http';
import { neutral, spokenLanguage } from '#libs/i18n';
import { SsoAnswer, SsoSignOnDto } from './sso.dto.js';
import { SsoSignOn } from './sso-sign-on.js';

function SignOnRoute(path: string, operationId: string, summary: string): MethodDecorator {
  return applyDecorators(
    Post(path),
    HttpCode(200),
    Header('Cache-Control', 'no-store'),
    ApiOperation({ operationId, summary }),
    ApiOkResponse({ type: SsoAnswer }),
    ApiErrors(
      'malformed_json',
      'validation_failed',
      'not_configured',
      'sso_refused',
      'account_suspended',
      'throttled',
      'reauthorization_required',
      'highlevel_refused',
      'highlevel_unavailable',
      'unavailable',
    ),
  );
}

/** The address of the page in HighLevel's frame, which posts here what HighLevel told it. */
@ApiTags('auth')
@Controller()
export class SsoController {
  constructor(private readonly sso: SsoSignOn) {}

  @SignOnRoute('ghl/sso', 'ghlSignOn', 'Sign on with the user context of HighLevel’s frame')
  ghl(@Body() body: SsoSignOnDto, @Req() request: FastifyRequest): Promise<Shape<SsoAnswer>> {
    return this.signOn(body, request);
  }

  @SignOnRoute('crm/sso', 'crmSignOn', 'The same under a neutral name')
  crm(@Body() body: SsoSignOnDto, @Req() request: FastifyRequest): Promise<Shape<SsoAnswer>> {
    request.locale = neutral(spokenLanguage(request.locale));
    return this.signOn(body, request);
  }

  private async signOn({ payload }: SsoSignOnDto, { ip }: FastifyRequest): Promise<Shape<SsoAnswer>> {
    const { session, user, account, locationId } = await this.sso.signOn(payload, ip);
    return {
      data: {
        session_token: session.token,
        expires_in: session.expiresInSeconds,
        ...user,
        account,
        location_id: locationId,
      },
    };
  }
}
