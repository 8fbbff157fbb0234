import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, type CallingUser, CurrentAccount, CurrentUser } from '#libs/auth';
import { type Shape } from '#libs/http';
import { ChangeMapping, MappingAnswer, MappingQuery } from './field-mapping.dto.js';
import { FieldMappings, type Mapping } from './field-mappings.js';

/** What of a contact is what on the other side, and which way it goes. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/mapping')
export class FieldMappingController {
  constructor(private readonly mappings: FieldMappings) {}

  @Get()
  @AdminOnly('conflict', 'not_connected', 'validation_failed')
  @ApiOperation({
    operationId: 'getGhlMapping',
    summary: 'Fields of a location, and what they are in DeskFlow',
  })
  @ApiOkResponse({ type: MappingAnswer })
  async show(
    @CurrentAccount() { id }: CallingAccount,
    @Query() { location_id }: MappingQuery,
  ): Promise<Shape<MappingAnswer>> {
    return view(await this.mappings.show(id, location_id));
  }

  @Patch()
  @AdminOnly('conflict', 'malformed_json', 'not_connected', 'validation_failed')
  @ApiOperation({
    operationId: 'updateGhlMapping',
    summary: 'Choose custom attributes and directions of fields',
    description:
      'All or nothing. Values move to a newly chosen attribute at once; a new direction counts from the next change of a ' +
      'contact, or its next sync.',
  })
  @ApiOkResponse({ type: MappingAnswer })
  async change(
    @CurrentAccount() account: CallingAccount,
    @CurrentUser() user: CallingUser,
    @Body() { location_id, fields }: ChangeMapping,
  ): Promise<Shape<MappingAnswer>> {
    return view(await this.mappings.change(account.id, user.id, location_id, fields));
  }
}

function view({ locationId, hint, fields }: Mapping): Shape<MappingAnswer> {
  return {
    payload: {
      location_id: locationId,
      hint,
      fields: fields.map(({ dataType, ...field }) => ({ ...field, data_type: dataType })),
    },
  };
}
