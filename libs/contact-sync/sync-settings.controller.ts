import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { type Shape } from '#libs/http';
import { DataSource } from 'typeorm';
import { DefaultLocation } from './default-location.js';
import { type Choices, SyncChoices } from './sync-choices.js';
import { ChangeSyncSettings, SyncSettingsAnswer } from './sync-settings.dto.js';

/** How an account wants its contacts synced. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/settings')
export class SyncSettingsController {
  constructor(
    private readonly database: DataSource,
    private readonly choices: SyncChoices,
    private readonly defaultLocation: DefaultLocation,
  ) {}

  @Get()
  @AdminOnly()
  @ApiOperation({ operationId: 'getGhlSettings', summary: 'How contacts are synced' })
  @ApiOkResponse({ type: SyncSettingsAnswer })
  async show(@CurrentAccount() { id }: CallingAccount): Promise<Shape<SyncSettingsAnswer>> {
    return view(await this.choices.of(id), await this.defaultLocation.of(id));
  }

  @Patch()
  @AdminOnly('malformed_json', 'validation_failed')
  @ApiOperation({ operationId: 'updateGhlSettings', summary: 'Change how contacts are synced' })
  @ApiOkResponse({ type: SyncSettingsAnswer })
  async change(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Body() { conflict_policy, on_delete, sso_role, default_location_id }: ChangeSyncSettings,
  ): Promise<Shape<SyncSettingsAnswer>> {
    const changes = {
      ...(conflict_policy && { conflictPolicy: conflict_policy }),
      ...(on_delete && { onDelete: on_delete }),
      ...(sso_role && { ssoRole: sso_role }),
    };
    return this.database.transaction(async (manager) => {
      if (default_location_id !== undefined)
        await this.defaultLocation.choose(manager, account.id, user.id, default_location_id);
      const choices = await this.choices.change(account.id, user.id, changes, manager);
      return view(choices, await this.defaultLocation.of(account.id, manager));
    });
  }
}

function view(
  { conflictPolicy, onDelete, ssoRole }: Choices,
  defaultLocationId: string | null,
): Shape<SyncSettingsAnswer> {
  return {
    payload: {
      conflict_policy: conflictPolicy,
      on_delete: onDelete,
      sso_role: ssoRole,
      default_location_id: defaultLocationId,
    },
  };
}
