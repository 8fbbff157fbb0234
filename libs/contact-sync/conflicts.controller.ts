import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { BigPathId, keysetOf, keysetPage, type Shape } from '#libs/http';
import {
  type ConflictDto,
  ConflictList,
  ConflictListQuery,
  type FieldValue,
  ReversedConflictAnswer,
} from './conflict.dto.js';
import { ConflictLog, type ShownConflict } from './conflict-log.js';

/** Where both sides had changed the same field, and what may be done about it. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/conflicts')
export class ConflictsController {
  constructor(private readonly conflicts: ConflictLog) {}

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({ operationId: 'listGhlConflicts', summary: 'Conflicts that the sync settled, newest first' })
  @ApiOkResponse({ type: ConflictList })
  async list(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: ConflictListQuery,
  ): Promise<Shape<ConflictList>> {
    const keyset = keysetOf(query);
    const filter = {
      contactId: query.contact_id === undefined ? undefined : Number(query.contact_id),
      isReversed: query.reversed === undefined ? undefined : query.reversed === 'true',
    };
    const { rows, meta } = keysetPage(await this.conflicts.list(id, filter, keyset), keyset);
    return { payload: rows.map(view), meta };
  }

  @Post(':id/reverse')
  @HttpCode(200)
  @ApiParam({
    name: 'id',
    description: 'Id of the conflict',
    schema: { type: 'integer', minimum: 1 },
    example: 42,
  })
  @AdminOnly()
  @ApiOperation({
    operationId: 'reverseGhlConflict',
    summary: 'Put the value that lost in place of the one that stayed',
    description: 'On both sides: HighLevel gets it as it gets every change made in DeskFlow.',
  })
  @ApiOkResponse({ type: ReversedConflictAnswer })
  async reverse(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<ReversedConflictAnswer>> {
    const { outcome, conflict } = await this.conflicts.reverse(account.id, user.id, id);
    return { outcome, payload: view(conflict) };
  }
}

function view(conflict: ShownConflict): Shape<ConflictDto> {
  return {
    id: conflict.id,
    contact_id: conflict.contactId,
    contact_name: conflict.contactName,
    ghl_contact_id: conflict.ghlContactId,
    location_id: conflict.locationId,
    field: conflict.field,
    base: conflict.base as FieldValue,
    deskflow: conflict.deskflow as FieldValue,
    highlevel: conflict.highlevel as FieldValue,
    deskflow_at: conflict.deskflowAt?.toISOString() ?? null,
    highlevel_at: conflict.highlevelAt?.toISOString() ?? null,
    policy: conflict.policy,
    kept: conflict.kept,
    detected_at: conflict.detectedAt.toISOString(),
    reversed_at: conflict.reversedAt?.toISOString() ?? null,
    reversed_by: conflict.reversedBy,
  };
}
