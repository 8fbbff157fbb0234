import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type CallingAccount, CurrentAccount, MembersOnly } from '#libs/auth';
import { GOHIGHLEVEL_APP_ID } from '#libs/database';
import { NotFound } from '#libs/errors';
import { CurrentLocale, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { IntegrationApp, IntegrationApps } from './app-registry.dto.js';
import { AppRegistry } from './app-registry.js';

/** Chatwoot's app registry with the one app that this service brings. */
@ApiTags('integrations')
@Controller('api/v1/accounts/:account_id/integrations/apps')
@MembersOnly()
export class AppRegistryController {
  constructor(private readonly registry: AppRegistry) {}

  @Get()
  @ApiOperation({ operationId: 'listIntegrationApps', summary: 'The integrations of this service' })
  @ApiOkResponse({ type: IntegrationApps })
  async index(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
  ): Promise<Shape<IntegrationApps>> {
    return { payload: [await this.registry.entryFor(account, locale)] };
  }

  @Get(':app_id')
  @ApiOperation({ operationId: 'getIntegrationApp', summary: 'One integration' })
  @ApiParam({ name: 'app_id', enum: [GOHIGHLEVEL_APP_ID] })
  @ApiOkResponse({ type: IntegrationApp })
  async show(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Param('app_id') appId: string,
  ): Promise<Shape<IntegrationApp>> {
    if (appId !== GOHIGHLEVEL_APP_ID) throw new NotFound('Integration');
    return this.registry.entryFor(account, locale);
  }
}
