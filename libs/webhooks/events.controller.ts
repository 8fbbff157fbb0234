import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { BigPathId, CurrentLocale, keysetOf, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { sayFailure } from '#libs/queue';
import { type CommandedSet, EventCommands } from './event-commands.js';
import { type EventFilterDto } from './event-filter.dto.js';
import { type EventFilter, EventLog, type InboxEvent } from './event-log.js';
import {
  DiscardAnswer,
  DiscardSetDto,
  EventAnswer,
  EventDto,
  EventList,
  EventListQuery,
  EventSetAnswer,
  ReplayAnswer,
  ReplaySetDto,
} from './event.dto.js';
import { shownPayload } from './shown-payload.js';

const EventId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'Id of the event',
    schema: { type: 'integer', minimum: 1 },
    example: 42,
  });

const IN_BATCHES = 'At most 5,000 events a call, oldest first; `next_after` tells where to go on.';

/** What HighLevel delivered to the locations of an account, and what may be done about it. */
@ApiTags('integrations')
@Controller('api/v1/accounts/:account_id/integrations/ghl/events')
export class EventsController {
  constructor(
    private readonly eventLog: EventLog,
    private readonly commands: EventCommands,
  ) {}

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({ operationId: 'listGhlEvents', summary: 'Events of HighLevel, newest first' })
  @ApiOkResponse({ type: EventList })
  async list(
    @CurrentAccount() { id }: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Query() query: EventListQuery,
  ): Promise<Shape<EventList>> {
    const { items, next } = await this.eventLog.list(
      id,
      { ...filterOf(query), state: query.state },
      keysetOf(query),
    );
    return { payload: items.map((event) => view(event, locale)), meta: { next_before: next } };
  }

  @Get(':id')
  @EventId()
  @AdminOnly()
  @ApiOperation({ operationId: 'getGhlEvent', summary: 'One event with its payload and failed attempts' })
  @ApiOkResponse({ type: EventAnswer })
  async show(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<EventAnswer>> {
    const event = await this.eventLog.one(account.id, id);
    const { format, payload } = shownPayload(event.body);
    return {
      payload: {
        ...view(event, locale),
        payload_format: format,
        payload,
        failed_attempts: event.attemptLog.map((entry) => ({
          ...entry,
          at: new Date(entry.at).toISOString(),
          error: sayFailure(locale, entry.error),
        })),
      },
    };
  }

  @Post('replay')
  @HttpCode(200)
  @AdminOnly('malformed_json', 'validation_failed')
  @ApiOperation({
    operationId: 'replayGhlEvents',
    summary: 'Apply a set of events again',
    description: `Dead ones unless another state is named. ${IN_BATCHES}`,
  })
  @ApiOkResponse({ type: EventSetAnswer })
  async replaySet(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Body() body: ReplaySetDto,
  ): Promise<Shape<EventSetAnswer>> {
    const set = { ...filterOf(body), state: body.state ?? 'dead' };
    return setAnswer(await this.commands.replaySet(commander(account, user), set, body.after ?? null));
  }

  @Post('discard')
  @HttpCode(200)
  @AdminOnly('malformed_json', 'validation_failed')
  @ApiOperation({
    operationId: 'discardGhlEvents',
    summary: 'Give a set of events up',
    description: `Dead ones unless another state is named. ${IN_BATCHES}`,
  })
  @ApiOkResponse({ type: EventSetAnswer })
  async discardSet(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Body() body: DiscardSetDto,
  ): Promise<Shape<EventSetAnswer>> {
    const set = { ...filterOf(body), state: body.state ?? 'dead' };
    return setAnswer(await this.commands.discardSet(commander(account, user), set, body.after ?? null));
  }

  @Post(':id/replay')
  @HttpCode(200)
  @EventId()
  @AdminOnly('event_not_replayable')
  @ApiOperation({
    operationId: 'replayGhlEvent',
    summary: 'Apply an event again',
    description: 'An event that is older than what is applied to its contact already ends as `stale`.',
  })
  @ApiOkResponse({ type: ReplayAnswer })
  async replay(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<ReplayAnswer>> {
    const { outcome, event } = await this.commands.replay(commander(account, user), id);
    return { outcome, payload: view(event, locale) };
  }

  @Post(':id/discard')
  @HttpCode(200)
  @EventId()
  @AdminOnly()
  @ApiOperation({ operationId: 'discardGhlEvent', summary: 'Give an event up' })
  @ApiOkResponse({ type: DiscardAnswer })
  async discard(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Param('id', BigPathId) id: number,
  ): Promise<Shape<DiscardAnswer>> {
    const { outcome, event } = await this.commands.discard(commander(account, user), id);
    return { outcome, payload: view(event, locale) };
  }
}

function commander(account: CallingAccount, user: CallingUser): { accountId: number; userId: number } {
  return { accountId: account.id, userId: user.id };
}

function filterOf({
  type,
  entity,
  location_id,
  reason,
  received_after,
  received_before,
}: Shape<EventFilterDto>): EventFilter {
  return {
    type,
    entity,
    locationId: location_id,
    reason,
    receivedAfter: received_after === undefined ? undefined : new Date(received_after),
    receivedBefore: received_before === undefined ? undefined : new Date(received_before),
  };
}

function view(event: InboxEvent, locale: Locale): Shape<EventDto> {
  return {
    id: event.id,
    type: event.type,
    state: event.state,
    reason: event.reason,
    entity: event.entityKey,
    location_id: event.locationId,
    event_at: event.eventAt?.toISOString() ?? null,
    received_at: event.receivedAt.toISOString(),
    finished_at: event.finishedAt?.toISOString() ?? null,
    next_attempt_at: event.state === 'failed' ? event.nextAttemptAt.toISOString() : null,
    attempts: event.attempts,
    last_error: event.lastError === null ? null : sayFailure(locale, event.lastError),
  };
}

function setAnswer({ changed, unchanged, refused, next }: CommandedSet): Shape<EventSetAnswer> {
  return { changed, unchanged, refused, next_after: next };
}
