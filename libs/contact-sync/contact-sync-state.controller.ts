import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import {
  AdminOnly,
  type CallingAccount,
  type CallingUser,
  CurrentAccount,
  CurrentUser,
  MembersOnly,
} from '#libs/auth';
import { CurrentLocale, PathId, type Shape } from '#libs/http';
import { type Locale } from '#libs/i18n';
import { sayFailure } from '#libs/queue';
import {
  type ContactStateDto,
  ContactStatesAnswer,
  ContactStatesQuery,
  UnlinkQuery,
} from './contact-sync-state.dto.js';
import { type ContactState, ContactStates } from './contact-states.js';
import { ManualSync } from './manual-sync.js';

const ContactId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'Id of the contact',
    schema: { type: 'integer', minimum: 1 },
    example: 17,
  });

/** How contacts stand with HighLevel, and what a person may do about it. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id')
export class ContactSyncStateController {
  constructor(
    private readonly states: ContactStates,
    private readonly manualSync: ManualSync,
  ) {}

  @Get('integrations/ghl/contact_states')
  @MembersOnly('validation_failed')
  @ApiOperation({ operationId: 'listGhlContactStates', summary: 'How contacts stand with HighLevel' })
  @ApiOkResponse({ type: ContactStatesAnswer })
  async list(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Query() { contact_ids }: ContactStatesQuery,
  ): Promise<Shape<ContactStatesAnswer>> {
    const states = await this.states.of(account.id, contact_ids.split(',').map(Number));
    return answer(states, locale);
  }

  @Get('contacts/:id/ghl_sync')
  @ContactId()
  @MembersOnly()
  @ApiOperation({ operationId: 'getGhlContactState', summary: 'How a contact stands with HighLevel' })
  @ApiOkResponse({ type: ContactStatesAnswer })
  async show(
    @CurrentAccount() account: CallingAccount,
    @CurrentLocale() locale: Locale,
    @Param('id', PathId) id: number,
  ): Promise<Shape<ContactStatesAnswer>> {
    return answer(await this.states.ofOne(account.id, id), locale);
  }

  @Post('contacts/:id/ghl_sync')
  @HttpCode(200)
  @ContactId()
  @MembersOnly('highlevel_refused', 'highlevel_unavailable', 'not_connected', 'reauthorization_required')
  @ApiOperation({
    operationId: 'syncGhlContact',
    summary: 'Sync a contact now',
    description:
      'What HighLevel has is read and merged before the answer; what DeskFlow has is on its way to HighLevel then. A ' +
      'contact that was unlinked is linked again.',
  })
  @ApiOkResponse({ type: ContactStatesAnswer })
  async sync(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Param('id', PathId) id: number,
  ): Promise<Shape<ContactStatesAnswer>> {
    await this.manualSync.sync({ accountId: account.id, userId: user.id, contactId: id });
    return answer(await this.states.ofOne(account.id, id), locale);
  }

  @Delete('contacts/:id/ghl_sync')
  @HttpCode(200)
  @ContactId()
  @AdminOnly('validation_failed')
  @ApiOperation({
    operationId: 'unlinkGhlContact',
    summary: 'Let a contact and its partner in HighLevel go their own ways',
    description:
      'Both stay as they are, and neither changes the other any more, until somebody syncs them again.',
  })
  @ApiOkResponse({ type: ContactStatesAnswer })
  async unlink(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @CurrentLocale() locale: Locale,
    @Param('id', PathId) id: number,
    @Query() { location_id }: UnlinkQuery,
  ): Promise<Shape<ContactStatesAnswer>> {
    await this.manualSync.unlink({ accountId: account.id, userId: user.id, contactId: id }, location_id);
    return answer(await this.states.ofOne(account.id, id), locale);
  }
}

function answer(states: readonly ContactState[], locale: Locale): Shape<ContactStatesAnswer> {
  return { payload: states.map((state) => view(state, locale)) };
}

function view({ pending, error, ...state }: ContactState, locale: Locale): Shape<ContactStateDto> {
  return {
    contact_id: state.contactId,
    location_id: state.locationId,
    state: state.state,
    ghl_contact_id: state.ghlContactId,
    last_synced_at: state.lastSyncedAt?.toISOString() ?? null,
    direction: state.direction,
    pending: pending && {
      operation: pending.operation,
      since: pending.since.toISOString(),
      attempts: pending.attempts,
      next_attempt_at: pending.nextAttemptAt.toISOString(),
    },
    error: error && {
      reason: error.reason,
      message: error.message === null ? null : sayFailure(locale, error.message),
    },
  };
}
