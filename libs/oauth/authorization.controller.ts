import { Controller, Header, HttpCode, Post, UseFilters } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { authorizationUrl, SCOPES } from '#libs/highlevel';
import { type Shape } from '#libs/http';
import { AuthorizationAnswer } from './authorization.dto.js';
import { NotConfiguredFilter } from './not-configured.filter.js';
import { OAuthStates } from './oauth-states.js';

/** Starts connecting an account to a HighLevel location. */
@ApiTags('integrations')
@Controller('api/v1/accounts/:account_id/ghl')
export class AuthorizationController {
  constructor(
    private readonly states: OAuthStates,
    private readonly globalConfig: GlobalConfigService,
    private readonly config: AppConfig,
  ) {}

  @Post('authorization')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @AdminOnly('not_configured')
  @UseFilters(NotConfiguredFilter)
  @ApiOperation({
    operationId: 'startGhlAuthorization',
    summary: 'The page where the user chooses a location',
  })
  @ApiOkResponse({ type: AuthorizationAnswer })
  async create(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
  ): Promise<Shape<AuthorizationAnswer>> {
    const { marketplaceUrl, redirectUri, extraScopes } = this.config.ghl;
    const { clientId, clientSecret } = await this.globalConfig.ghlCredentials();
    const state = await this.states.issue(account.id, user.id, clientSecret);
    const scopes = [...new Set([...SCOPES, ...extraScopes])];
    return { success: true, url: authorizationUrl({ marketplaceUrl, clientId, redirectUri, scopes, state }) };
  }
}
