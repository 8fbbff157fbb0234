import { Controller, Get, Head, Header, HttpCode, Query, Redirect } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiFoundResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { AppConfig } from '#libs/config';
import { type LandingName, landingAddress } from './landing-address.js';
import { OAuthCallback } from './oauth-callback.js';

interface RedirectTo {
  readonly url: string;
  readonly statusCode: 302;
}

type RawQuery = Readonly<Record<string, unknown>>;

const FOUND = {
  description:
    'To the settings page of the account; `?error=` names what went wrong, `?agency=` an agency that authorized the app',
  headers: { Location: { description: 'Starts with FRONTEND_URL', schema: { type: 'string' as const } } },
};

/** Where HighLevel sends the browser back. Public: the signed state says who started it. */
@ApiTags('integrations')
@ApiQuery({ name: 'code', required: false, schema: { type: 'string' } })
@ApiQuery({ name: 'state', required: false, schema: { type: 'string' } })
@ApiQuery({ name: 'error', required: false, schema: { type: 'string' } })
@Controller()
export class OAuthCallbackController {
  constructor(
    private readonly callback: OAuthCallback,
    private readonly config: AppConfig,
  ) {}

  /** What scans links asks with HEAD, for which Fastify would run the handlers below: code and state work once. */
  @Head(['ghl/callback', 'crm/callback'])
  @HttpCode(204)
  @ApiExcludeEndpoint()
  probe(): void {
    return;
  }

  @Get('ghl/callback')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  @ApiOperation({ operationId: 'ghlCallback', summary: 'End of an authorization' })
  @ApiFoundResponse(FOUND)
  ghl(@Query() query: RawQuery): Promise<RedirectTo> {
    return this.land(query, 'gohighlevel');
  }

  @Get('crm/callback')
  @Redirect()
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  @ApiOperation({ operationId: 'crmCallback', summary: 'The same under a neutral name' })
  @ApiFoundResponse(FOUND)
  crm(@Query() query: RawQuery): Promise<RedirectTo> {
    return this.land(query, 'crm');
  }

  private async land(query: RawQuery, page: LandingName): Promise<RedirectTo> {
    const outcome = await this.callback.complete({
      code: single(query.code),
      state: single(query.state),
      error: single(query.error),
      issuer: query.iss,
    });
    return { url: landingAddress(this.config.frontendUrl, page, outcome), statusCode: 302 };
  }
}

/** A repeated parameter is no parameter (RFC 6749 3.1). */
function single(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
