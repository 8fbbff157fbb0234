import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { CurrentLocale, explainError, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { Agencies, type Agency } from './agencies.js';
import {
  type AgencyDto,
  type AgencyLocationDto,
  AgencyLocationsList,
  AgencyLocationsQuery,
  type ConnectedLocationDto,
  ConnectedLocationsList,
  ConnectLocations,
  pageWanted,
} from './agency-locations.dto.js';
import { type AgencyLocation, AgencyLocations, type ConnectedLocation } from './agency-locations.js';

const ERRORS = [
  'not_connected',
  'not_configured',
  'reauthorization_required',
  'highlevel_refused',
  'highlevel_unavailable',
  'token_unreadable',
  'unavailable',
  'validation_failed',
] as const;
/** HL 2.7. Beyond the eight scopes that every location needs. */
const AGENCY_SCOPES = ['oauth.readonly', 'oauth.write'];

/** The locations of an agency that authorized the app: an administrator chooses which of them join the account. */
@ApiTags('integrations')
@Controller('api/v1/accounts/:account_id/integrations/ghl/locations')
export class AgencyLocationsController {
  constructor(
    private readonly agencies: Agencies,
    private readonly locations: AgencyLocations,
  ) {}

  @Get()
  @AdminOnly(...ERRORS)
  @ApiOperation({
    operationId: 'listGhlLocations',
    summary: "The agency's locations, and which of them are connected",
    description: 'Empty as long as no agency has authorized the app for this account.',
  })
  @ApiOkResponse({ type: AgencyLocationsList })
  async list(
    @CurrentAccount() account: CallingAccount,
    @Query() query: AgencyLocationsQuery,
  ): Promise<Shape<AgencyLocationsList>> {
    const { offset, limit } = pageWanted(query);
    const wanted = { companyId: query.company_id, query: query.q, offset, limit };
    const { locations, count } = await this.locations.list(account.id, wanted);
    const agencies = await this.agencies.findByAccount(account.id);
    const end = offset + locations.length;
    const isLast = locations.length < limit || end === count;
    return {
      agencies: agencies.map(agencyView),
      payload: locations.map(locationView),
      meta: { count: count ?? null, next_offset: isLast ? null : end },
    };
  }

  @Post()
  @HttpCode(200)
  @AdminOnly(...ERRORS)
  @ApiOperation({
    operationId: 'connectGhlLocations',
    summary: 'Connect locations of the agency',
    description:
      'Each with a token of its own. One that cannot be connected does not keep the others from it.',
  })
  @ApiOkResponse({ type: ConnectedLocationsList })
  async connect(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Body() { location_ids, company_id }: ConnectLocations,
  ): Promise<Shape<ConnectedLocationsList>> {
    const wanted = { companyId: company_id, locationIds: location_ids };
    const actor = { kind: 'user', userId: user.id } as const;
    const connected = await this.locations.connect(account.id, wanted, actor);
    return { payload: connected.map((location) => connectedView(location, locale)) };
  }
}

function agencyView(agency: Agency): Shape<AgencyDto> {
  const granted = (agency.scope ?? '').split(' ');
  return {
    company_id: agency.companyId,
    installed_at: agency.installedAt.toISOString(),
    install_to_future_locations: agency.installToFutureLocations,
    state: agency.state,
    reason: agency.reason,
    reauthorization_required: agency.state === 'reauthorization_required',
    missing_scopes: AGENCY_SCOPES.filter((scope) => !granted.includes(scope)),
  };
}

function locationView(location: AgencyLocation): Shape<AgencyLocationDto> {
  return {
    location_id: location.locationId,
    name: location.name,
    address: location.address,
    installed: location.installed,
    installed_at: location.installedAt,
    connected: location.connected,
    held_by: location.heldBy,
  };
}

function connectedView(
  { locationId, hook, error }: ConnectedLocation,
  locale: Locale,
): Shape<ConnectedLocationDto> {
  return {
    location_id: locationId,
    connected: hook !== undefined,
    hook_id: hook?.id ?? null,
    code: error?.code ?? null,
    error: error ? explainError(error, locale).body.error : null,
  };
}
