import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { LANDING_PAGE_CSP, landingPage } from './landing-page.js';
import { type LandingName } from './landing-address.js';

type RawQuery = Readonly<Record<string, unknown>>;

/** The page the callback redirects to, with an account in its address and, for a state that names none, without. */
@ApiExcludeController()
@Controller()
export class LandingController {
  @Get([
    'app/accounts/:account_id/settings/integrations/gohighlevel',
    'app/settings/integrations/gohighlevel',
  ])
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', LANDING_PAGE_CSP)
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  goHighLevel(@Query() query: RawQuery): string {
    return render('gohighlevel', query);
  }

  @Get(['app/accounts/:account_id/settings/integrations/crm', 'app/settings/integrations/crm'])
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', LANDING_PAGE_CSP)
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  crm(@Query() query: RawQuery): string {
    return render('crm', query);
  }
}

function render(page: LandingName, { error, agency }: RawQuery): string {
  return landingPage({ page, error, isAgency: agency !== undefined });
}
