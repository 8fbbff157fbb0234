import { Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { CurrentLocale, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { Hooks } from './hooks.js';
import { IntegrationStatus } from './integration-status.dto.js';
import { IntegrationStatuses } from './integration-status.js';
import { LocationSelection } from './location-selection.dto.js';
import { TokenRefreshService } from './token-refresh.service.js';

const REFRESH_ERRORS = [
  'not_connected',
  'not_configured',
  'reauthorization_required',
  'highlevel_refused',
  'highlevel_unavailable',
  'token_unreadable',
  'unavailable',
  'conflict',
  'validation_failed',
] as const;
const DISCONNECT_ERRORS = ['not_connected', 'unavailable', 'validation_failed'] as const;

/** The HighLevel connection of an account. */
@ApiTags('integrations')
@Controller('api/v1/accounts/:account_id/integrations')
export class IntegrationsController {
  constructor(
    private readonly statuses: IntegrationStatuses,
    private readonly hooks: Hooks,
    private readonly tokenRefresh: TokenRefreshService,
  ) {}

  @Get('ghl/status')
  @AdminOnly()
  @ApiOperation({ operationId: 'getGhlStatus', summary: 'How the connection is doing' })
  @ApiOkResponse({ type: IntegrationStatus })
  status(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
  ): Promise<Shape<IntegrationStatus>> {
    return this.statuses.of(account.id, locale);
  }

  @Post('ghl/refresh')
  @HttpCode(200)
  @AdminOnly(...REFRESH_ERRORS)
  @ApiOperation({ operationId: 'refreshGhlTokens', summary: 'Refresh the tokens now' })
  @ApiOkResponse({ type: IntegrationStatus, description: 'The status afterwards' })
  async refresh(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Query() { location_id }: LocationSelection,
  ): Promise<Shape<IntegrationStatus>> {
    const { id } = await this.statuses.select(account.id, location_id);
    await this.tokenRefresh.refresh(id, { actor: { kind: 'user', userId: user.id } });
    return this.statuses.of(account.id, locale);
  }

  @Delete('ghl')
  @AdminOnly(...DISCONNECT_ERRORS)
  @ApiOperation({
    operationId: 'disconnectGhl',
    summary: 'Disconnect one location, or all of them',
    description: 'Removes the tokens. Which contacts belong together is kept for a later connection.',
  })
  @ApiOkResponse({ description: 'Disconnected' })
  disconnect(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Query() { location_id }: LocationSelection,
  ): Promise<void> {
    const actor = { kind: 'user', userId: user.id } as const;
    return this.hooks.disconnect(account.id, { locationId: location_id, actor });
  }

  @Delete('gohighlevel')
  @AdminOnly(...DISCONNECT_ERRORS)
  @ApiOperation({
    operationId: 'disconnectGoHighLevel',
    summary: "The same under the registry's id, which the generic button of DeskFlow's dashboard calls",
  })
  @ApiOkResponse({ description: 'Disconnected' })
  disconnectByAppId(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Query() { location_id }: LocationSelection,
  ): Promise<void> {
    const actor = { kind: 'user', userId: user.id } as const;
    return this.hooks.disconnect(account.id, { locationId: location_id, actor });
  }
}
