import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Query,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { type Observable } from 'rxjs';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { type ContactImport } from '#libs/database';
import { BigPathId, CurrentLocale, keysetOf, keysetPage, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { failuresCsv } from './failures-csv.js';
import {
  ImportAnswer,
  ImportFailureList,
  ImportFailureListQuery,
  ImportList,
  ImportListQuery,
  StartImport,
} from './import.dto.js';
import { ImportProgress } from './import-progress.js';
import { importView, selectionOf } from './import-view.js';
import { Imports } from './imports.js';

const FAILURES_PER_PAGE = 100;

const ImportId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'Id of the import',
    schema: { type: 'integer', minimum: 1 },
    example: 7,
  });

/** Bringing a location's contacts to DeskFlow in bulk. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/imports')
export class ImportsController {
  constructor(
    private readonly imports: Imports,
    private readonly progress: ImportProgress,
  ) {}

  @Post()
  @AdminOnly('conflict', 'malformed_json', 'not_connected', 'validation_failed')
  @ApiOperation({
    operationId: 'startGhlImport',
    summary: 'Import contacts of a location',
    description:
      'One at a time for each location: while another is under way the answer is 409 with the id of that in `details.import_id`.',
  })
  @ApiCreatedResponse({ type: ImportAnswer })
  async start(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Body() order: StartImport,
  ): Promise<Shape<ImportAnswer>> {
    const started = await this.imports.start(
      { accountId: account.id, userId: user.id },
      {
        locationId: order.location_id,
        selection: selectionOf(order),
        direction: order.direction ?? 'in',
        dryRun: order.dry_run ?? false,
      },
    );
    return answer(started);
  }

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({ operationId: 'listGhlImports', summary: 'Imports, newest first' })
  @ApiOkResponse({ type: ImportList })
  async list(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: ImportListQuery,
  ): Promise<Shape<ImportList>> {
    const keyset = keysetOf(query);
    const { rows, meta } = keysetPage(await this.imports.list(id, keyset), keyset);
    return { payload: rows.map(importView), meta };
  }

  @Get(':id')
  @ImportId()
  @AdminOnly()
  @ApiOperation({ operationId: 'getGhlImport', summary: 'How an import gets on' })
  @ApiOkResponse({ type: ImportAnswer })
  async show(
    @CurrentAccount() account: CallingAccount,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<ImportAnswer>> {
    return answer(await this.imports.one(account.id, id));
  }

  @Sse(':id/events')
  @ImportId()
  @AdminOnly('throttled')
  @ApiOperation({
    operationId: 'watchGhlImport',
    summary: 'How an import gets on, as it does (Server-Sent Events)',
    description:
      'Events of type `progress` whose data is what `GET …/imports/:id` has as `payload`: at once, then after each ' +
      'change, at most one a second. The stream ends with the import, or after ten minutes.',
  })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  watch(
    @CurrentAccount() account: CallingAccount,
    @Param('id', BigPathId) id: number,
  ): Promise<Observable<MessageEvent>> {
    return this.progress.watch(account.id, id);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ImportId()
  @AdminOnly('conflict')
  @ApiOperation({ operationId: 'pauseGhlImport', summary: 'Stop after the page that is being written' })
  @ApiOkResponse({ type: ImportAnswer })
  async pause(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<ImportAnswer>> {
    return answer(await this.imports.command({ accountId: account.id, userId: user.id }, id, 'pause'));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ImportId()
  @AdminOnly('conflict')
  @ApiOperation({ operationId: 'resumeGhlImport', summary: 'Go on where a paused or failed import stopped' })
  @ApiOkResponse({ type: ImportAnswer })
  async resume(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<ImportAnswer>> {
    return answer(await this.imports.command({ accountId: account.id, userId: user.id }, id, 'resume'));
  }

  @Delete(':id')
  @HttpCode(200)
  @ImportId()
  @AdminOnly('conflict')
  @ApiOperation({
    operationId: 'cancelGhlImport',
    summary: 'End an import for good',
    description: 'What it has brought stays.',
  })
  @ApiOkResponse({ type: ImportAnswer })
  async cancel(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<ImportAnswer>> {
    return answer(await this.imports.command({ accountId: account.id, userId: user.id }, id, 'cancel'));
  }

  @Get(':id/failures')
  @ImportId()
  @AdminOnly('validation_failed')
  @ApiOperation({ operationId: 'listGhlImportFailures', summary: 'Contacts that could not be imported' })
  @ApiOkResponse({ type: ImportFailureList })
  async failures(
    @CurrentAccount() account: CallingAccount,
    @Param('id', BigPathId) id: number,
    @Query() { after }: ImportFailureListQuery,
  ): Promise<Shape<ImportFailureList>> {
    const found = await this.imports.failures(account.id, id, Number(after ?? 0), FAILURES_PER_PAGE + 1);
    const page = found.slice(0, FAILURES_PER_PAGE);
    return {
      payload: page.map(({ id: failureId, ghlContactId, name, reason }) => ({
        id: failureId,
        ghl_contact_id: ghlContactId,
        name,
        reason,
      })),
      meta: { next_after: found.length > FAILURES_PER_PAGE ? (page.at(-1)?.id ?? null) : null },
    };
  }

  @Get(':id/failures.csv')
  @Header('Cache-Control', 'no-store')
  @ImportId()
  @AdminOnly()
  @ApiOperation({
    operationId: 'downloadGhlImportFailures',
    summary: 'The same as a CSV file, reasons in words',
  })
  @ApiOkResponse({ content: { 'text/csv': { schema: { type: 'string' } } } })
  async failuresFile(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Param('id', BigPathId) id: number,
  ): Promise<StreamableFile> {
    await this.imports.one(account.id, id);
    return new StreamableFile(failuresCsv(this.imports.allFailures(account.id, id), locale), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="import-${id}-failures.csv"`,
    });
  }
}

function answer(found: ContactImport): Shape<ImportAnswer> {
  return { payload: importView(found) };
}
