import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { BigPathId, keysetOf, keysetPage, type Shape } from '#libs/http';
import { type AmbiguousMatch, AmbiguousMatches } from './ambiguous-matches.js';
import { MatchAnswer, type MatchDto, MatchList, MatchListQuery, ResolveMatch } from './match.dto.js';
import { MatchResolution } from './match-resolution.js';

/** Contacts of HighLevel that may be one of several of DeskFlow. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/matches')
export class MatchesController {
  constructor(
    private readonly matches: AmbiguousMatches,
    private readonly resolution: MatchResolution,
  ) {}

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({
    operationId: 'listGhlMatches',
    summary: 'Contacts of HighLevel that wait for a person to say who they are, newest first',
  })
  @ApiOkResponse({ type: MatchList })
  async list(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: MatchListQuery,
  ): Promise<Shape<MatchList>> {
    const keyset = keysetOf(query);
    const found = await this.matches.list(id, query.resolved === 'true', keyset);
    const { rows, meta } = keysetPage(found, keyset);
    return { payload: rows.map(view), meta };
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @ApiParam({
    name: 'id',
    description: 'Id of the match',
    schema: { type: 'integer', minimum: 1 },
    example: 3,
  })
  @AdminOnly(
    'conflict',
    'highlevel_refused',
    'highlevel_unavailable',
    'malformed_json',
    'not_connected',
    'validation_failed',
  )
  @ApiOperation({
    operationId: 'resolveGhlMatch',
    summary: 'Say who a contact of HighLevel is',
    description: 'Both are linked and merged under the account’s conflict policy.',
  })
  @ApiOkResponse({ type: MatchAnswer })
  async resolve(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Param('id', BigPathId) id: number,
    @Body() { contact_id }: ResolveMatch,
  ): Promise<Shape<MatchAnswer>> {
    const decision = { accountId: account.id, userId: user.id, matchId: id, contactId: contact_id };
    return { payload: view(await this.resolution.resolve(decision)) };
  }
}

function view(match: AmbiguousMatch): Shape<MatchDto> {
  return {
    id: match.id,
    location_id: match.locationId,
    ghl_contact_id: match.ghlContactId,
    reason: match.reason,
    name: match.name,
    email: match.email,
    phone: match.phone,
    candidates: match.candidates.map(({ phoneNumber, ...candidate }) => ({
      ...candidate,
      phone_number: phoneNumber,
    })),
    seen_at: match.seenAt.toISOString(),
    resolved_at: match.resolvedAt?.toISOString() ?? null,
    resolved_by: match.resolvedBy,
    contact_id: match.contactId,
  };
}
