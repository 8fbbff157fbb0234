import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, CurrentAccount } from '#libs/auth';
import { keysetOf, keysetPage, type Shape } from '#libs/http';
import { AuditLog, type RecordedEntry } from './audit-log.js';
import { AuditEntryDto, AuditList, AuditQuery } from './audit.dto.js';

/** Who did what to an account's connection. */
@ApiTags('integrations')
@Controller('api/v1/accounts/:account_id/integrations/ghl/audit')
export class AuditController {
  constructor(private readonly auditLog: AuditLog) {}

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({ operationId: 'listGhlAuditEntries', summary: 'Who did what, newest first' })
  @ApiOkResponse({ type: AuditList })
  async list(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: AuditQuery,
  ): Promise<Shape<AuditList>> {
    const keyset = keysetOf(query);
    const { rows, meta } = keysetPage(await this.auditLog.list(id, query.action, keyset), keyset);
    return { payload: rows.map(view), meta };
  }
}

function view(entry: RecordedEntry): Shape<AuditEntryDto> {
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    action: entry.action,
    actor: { kind: entry.actorKind, user_id: entry.actorUserId, name: entry.actorName },
    outcome: entry.outcome,
    hook_id: entry.hookId,
    location_id: entry.locationId,
    details: entry.details,
  };
}
