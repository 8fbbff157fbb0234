import { Controller, Get, Header, Headers, Param, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { parsePathId } from '#libs/http';
import { IntegrationStatuses } from '#libs/integrations';
import { LANDING_PAGE_CSP, landingPage, type ShownConnection } from './landing-page.js';
import { type LandingName } from './landing-address.js';
import { LandingTickets } from './landing-tickets.js';

type RawQuery = Readonly<Record<string, unknown>>;

/** The page the callback redirects to, with an account in its address and, for a state that names none, without. */
@ApiExcludeController()
@Controller()
export class LandingController {
  constructor(
    private readonly tickets: LandingTickets,
    private readonly statuses: IntegrationStatuses,
  ) {}

  @Get([
    'app/accounts/:account_id/settings/integrations/gohighlevel',
    'app/settings/integrations/gohighlevel',
  ])
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', LANDING_PAGE_CSP)
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  goHighLevel(
    @Query() query: RawQuery,
    @Param('account_id') accountId?: string,
    @Headers('cookie') cookies?: string,
  ): Promise<string> {
    return this.render('gohighlevel', query, accountId, cookies);
  }

  @Get(['app/accounts/:account_id/settings/integrations/crm', 'app/settings/integrations/crm'])
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', LANDING_PAGE_CSP)
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  crm(
    @Query() query: RawQuery,
    @Param('account_id') accountId?: string,
    @Headers('cookie') cookies?: string,
  ): Promise<string> {
    return this.render('crm', query, accountId, cookies);
  }

  private async render(
    page: LandingName,
    { error, agency }: RawQuery,
    accountId: string | undefined,
    cookies: string | undefined,
  ): Promise<string> {
    const connection = await this.connectionFor(parsePathId(accountId), cookies);
    return landingPage({ page, error, isAgency: agency !== undefined, connection });
  }

  private async connectionFor(
    accountId: number | undefined,
    cookies: string | undefined,
  ): Promise<ShownConnection | undefined> {
    if (accountId === undefined || !(await this.tickets.admits(cookies, accountId))) return undefined;
    const { connected, state, location_name, location_id } = await this.statuses.of(accountId);
    return { isConnected: connected, state, locationName: location_name ?? location_id ?? '' };
  }
}
