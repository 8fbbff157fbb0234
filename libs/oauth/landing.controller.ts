import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { NotFound } from '#libs/errors';
import { FormBody, parsePathId } from '#libs/http';
import { IntegrationStatuses } from '#libs/integrations';
import { LANDING_PAGE_CSP, landingPage, type ShownConnection } from './landing-page.js';
import { type LandingName } from './landing-address.js';
import { LandingTickets, type Visitor } from './landing-tickets.js';
import { LocationChoice } from './location-choice.js';
import { LOCATION_CHOICE_CSP, type Shown } from './location-choice-page.js';

type RawQuery = Readonly<Record<string, unknown>>;

const OF_ACCOUNT = [
  'app/accounts/:account_id/settings/integrations/gohighlevel',
  'app/accounts/:account_id/settings/integrations/crm',
];
const WITHOUT_ACCOUNT = ['app/settings/integrations/gohighlevel', 'app/settings/integrations/crm'];

/** HighLevel's ids. */
const COMPANY_ID = /^[\w-]{1,100}$/;
const OFFSET = /^[1-9]\d{0,5}$/;
const MAX_SEARCH_LENGTH = 100;

/** The page the callback redirects to, with an account in its address and, for a state that names none, without. */
@ApiExcludeController()
@Controller()
export class LandingController {
  constructor(
    private readonly tickets: LandingTickets,
    private readonly statuses: IntegrationStatuses,
    private readonly choice: LocationChoice,
  ) {}

  @Get([...OF_ACCOUNT, ...WITHOUT_ACCOUNT])
  async show(
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('account_id') accountId?: string,
  ): Promise<string> {
    const page = pageOf(request);
    const { error } = query;
    const shown = error === undefined ? shownOf(page, query) : undefined;
    const chooser = shown && (await this.chooser(request, accountId));
    if (shown && chooser) {
      asPage(reply, LOCATION_CHOICE_CSP);
      return this.choice.show(chooser, shown);
    }
    asPage(reply, LANDING_PAGE_CSP);
    const connection = await this.connectionFor(request, accountId);
    return landingPage({ page, error, isAgency: query['agency'] !== undefined, connection });
  }

  /** The form of an agency's locations. */
  @Post(OF_ACCOUNT)
  @HttpCode(200)
  @FormBody()
  async choose(
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('account_id') accountId: string,
    @Body() form: RawQuery = {},
  ): Promise<string> {
    const shown = shownOf(pageOf(request), query);
    const chooser = shown && (await this.chooser(request, accountId));
    if (!shown || !chooser) throw new NotFound('Page');
    asPage(reply, LOCATION_CHOICE_CSP);
    return this.choice.connect(chooser, shown, form);
  }

  private async chooser({ headers }: FastifyRequest, accountId?: string): Promise<Visitor | undefined> {
    const id = parsePathId(accountId);
    return id === undefined ? undefined : this.choice.visitor(headers.cookie, id);
  }

  private async connectionFor(
    { headers }: FastifyRequest,
    accountId?: string,
  ): Promise<ShownConnection | undefined> {
    const id = parsePathId(accountId);
    if (id === undefined || !(await this.tickets.visitor(headers.cookie, id))) return undefined;
    const { connected, state, location_name, location_id } = await this.statuses.of(id);
    return { isConnected: connected, state, locationName: location_name ?? location_id ?? '' };
  }
}

function pageOf({ routeOptions }: FastifyRequest): LandingName {
  return routeOptions.url?.endsWith('/crm') ? 'crm' : 'gohighlevel';
}

/** @returns undefined where the address names no agency */
function shownOf(page: LandingName, { agency, q, offset }: RawQuery): Shown | undefined {
  if (typeof agency !== 'string' || !COMPANY_ID.test(agency)) return undefined;
  return {
    page,
    companyId: agency,
    search: typeof q === 'string' ? q.slice(0, MAX_SEARCH_LENGTH) : '',
    offset: typeof offset === 'string' && OFFSET.test(offset) ? Number(offset) : 0,
  };
}

function asPage(reply: FastifyReply, policy: string): void {
  void reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
}
