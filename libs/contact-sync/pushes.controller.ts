import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { BigPathId, CurrentLocale, keysetOf, keysetPage, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { sayFailure } from '#libs/queue';
import { DiscardedPushAnswer, type PushDto, PushList, PushListQuery } from './push.dto.js';
import { PushDiscard } from './push-discard.js';
import { PushLog, type ShownPush } from './push-log.js';

/** What goes from DeskFlow to the locations of an account, and what may be done about it. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/pushes')
export class PushesController {
  constructor(
    private readonly pushLog: PushLog,
    private readonly pushDiscard: PushDiscard,
  ) {}

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({
    operationId: 'listGhlPushes',
    summary: 'Changes of DeskFlow on their way to HighLevel, newest first',
    description: 'One that was given up is sent again by syncing its contact (`syncGhlContact`).',
  })
  @ApiOkResponse({ type: PushList })
  async list(
    @CurrentAccount() { id }: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Query() query: PushListQuery,
  ): Promise<Shape<PushList>> {
    const keyset = keysetOf(query);
    const filter = {
      state: query.state,
      isSettled: query.settled === undefined ? undefined : query.settled === 'true',
    };
    const { rows, meta } = keysetPage(await this.pushLog.list(id, filter, keyset), keyset);
    return { payload: rows.map((push) => view(push, locale)), meta };
  }

  @Post(':id/discard')
  @HttpCode(200)
  @ApiParam({
    name: 'id',
    description: 'Id of the push',
    schema: { type: 'integer', minimum: 1 },
    example: 42,
  })
  @AdminOnly()
  @ApiOperation({
    operationId: 'discardGhlPush',
    summary: 'Give a push up',
    description: 'The change does not reach HighLevel, unless the contact changes again or is synced.',
  })
  @ApiOkResponse({ type: DiscardedPushAnswer })
  async discard(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<DiscardedPushAnswer>> {
    const { outcome, push } = await this.pushDiscard.discard({ accountId: account.id, userId: user.id }, id);
    return { outcome, payload: view(push, locale) };
  }
}

function view(push: ShownPush, locale: Locale): Shape<PushDto> {
  return {
    id: push.id,
    operation: push.operation,
    state: push.state,
    reason: push.reason,
    contact_id: push.contactId,
    contact_name: push.contactName,
    ghl_contact_id: push.ghlContactId,
    location_id: push.locationId,
    location_name: push.locationName,
    changed_at: push.changedAt.toISOString(),
    finished_at: push.finishedAt?.toISOString() ?? null,
    next_attempt_at: push.state === 'failed' ? push.nextAttemptAt.toISOString() : null,
    attempts: push.attempts,
    last_error: push.lastError === null ? null : sayFailure(locale, push.lastError),
    settled: push.isSettled,
  };
}
