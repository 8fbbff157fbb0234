import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { CurrentLocale, keysetOf, keysetPage, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { sayFailure } from '#libs/queue';
import {
  type ReconciliationDto,
  ReconciliationList,
  type ReconciliationRunDto,
  ReconciliationRunList,
  ReconciliationRunListQuery,
  RequestReconciliation,
} from './reconciliation.dto.js';
import { type RecordedRun, ReconciliationLog, type ReconciliationStatus } from './reconciliation-log.js';

/** Looking for what lost webhooks have left. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/reconciliation')
export class ReconciliationController {
  constructor(private readonly log: ReconciliationLog) {}

  @Get()
  @AdminOnly()
  @ApiOperation({
    operationId: 'getGhlReconciliation',
    summary: 'Until when both sides are known to agree, by location',
  })
  @ApiOkResponse({ type: ReconciliationList })
  async show(
    @CurrentAccount() { id }: CallingAccount,
    @CurrentLocale() locale: Locale,
  ): Promise<Shape<ReconciliationList>> {
    return statusAnswer(await this.log.statuses(id), locale);
  }

  @Post()
  @HttpCode(200)
  @AdminOnly('malformed_json', 'not_connected', 'validation_failed')
  @ApiOperation({ operationId: 'requestGhlReconciliation', summary: 'Look now, not only when it is due' })
  @ApiOkResponse({ type: ReconciliationList })
  async request(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Body() { kind = 'changes', location_id }: RequestReconciliation,
  ): Promise<Shape<ReconciliationList>> {
    return statusAnswer(await this.log.request(account.id, user.id, kind, location_id), locale);
  }

  @Get('runs')
  @AdminOnly('validation_failed')
  @ApiOperation({
    operationId: 'listGhlReconciliationRuns',
    summary: 'Reconciliations that found something or were asked for, newest first',
  })
  @ApiOkResponse({ type: ReconciliationRunList })
  async runs(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: ReconciliationRunListQuery,
  ): Promise<Shape<ReconciliationRunList>> {
    const keyset = keysetOf(query);
    const { rows, meta } = keysetPage(await this.log.runs(id, keyset), keyset);
    return { payload: rows.map(runView), meta };
  }
}

function statusAnswer(statuses: readonly ReconciliationStatus[], locale: Locale): Shape<ReconciliationList> {
  return { payload: statuses.map((status) => statusView(status, locale)) };
}

function statusView(status: ReconciliationStatus, locale: Locale): Shape<ReconciliationDto> {
  return {
    location_id: status.locationId,
    kind: status.kind,
    running: status.isRunning,
    agreed_until: status.agreedUntil.toISOString(),
    due_at: status.dueAt.toISOString(),
    finished_at: status.finishedAt?.toISOString() ?? null,
    last_error: status.lastError === null ? null : sayFailure(locale, status.lastError),
  };
}

function runView({ counts, ...run }: RecordedRun): Shape<ReconciliationRunDto> {
  return {
    id: run.id,
    location_id: run.locationId,
    kind: run.kind,
    reason: run.reason,
    agreed_from: run.agreedFrom.toISOString(),
    began_at: run.beganAt.toISOString(),
    finished_at: run.finishedAt.toISOString(),
    requests: counts.requests,
    looked_at: counts.lookedAt,
    created: counts.created,
    updated: counts.updated,
    archived: counts.archived,
    refused: counts.refused,
    conflicts: counts.conflicts,
  };
}
