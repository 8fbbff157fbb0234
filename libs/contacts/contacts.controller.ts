import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, CurrentAccount, MembersOnly } from '#libs/auth';
import { PathId, type Shape } from '#libs/http';
import {
  ContactAnswer,
  ContactList,
  ContactListQuery,
  ContactSearchQuery,
  CreatedContactAnswer,
  LabelsAnswer,
  LabelsDto,
  WriteContactDto,
} from './contact.dto.js';
import { ContactsService } from './contacts.service.js';

const ContactId = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'Id of the contact',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  });

/** The part of Chatwoot's contact endpoints that this service answers, in Chatwoot's shapes (DM 3). */
@ApiTags('contacts')
@Controller('api/v1/accounts/:account_id/contacts')
export class ContactsController {
  constructor(private readonly contacts: ContactsService) {}

  @Get()
  @MembersOnly('validation_failed')
  @ApiOperation({
    operationId: 'listContacts',
    summary: 'Contacts that have an e-mail, phone number or identifier',
  })
  @ApiOkResponse({ type: ContactList })
  list(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: ContactListQuery,
  ): Promise<Shape<ContactList>> {
    return this.contacts.list(id, query);
  }

  @Get('search')
  @MembersOnly('validation_failed')
  @ApiOperation({ operationId: 'searchContacts', summary: 'Contacts in which a text occurs' })
  @ApiOkResponse({ type: ContactList })
  search(
    @CurrentAccount() { id }: CallingAccount,
    @Query() query: ContactSearchQuery,
  ): Promise<Shape<ContactList>> {
    return this.contacts.search(id, query);
  }

  @Post()
  @HttpCode(200)
  @MembersOnly('malformed_json', 'validation_failed')
  @ApiOperation({ operationId: 'createContact', summary: 'Create a contact' })
  @ApiOkResponse({ type: CreatedContactAnswer })
  async create(
    @CurrentAccount() { id }: CallingAccount,
    @Body() body: WriteContactDto,
  ): Promise<Shape<CreatedContactAnswer>> {
    const contact = await this.contacts.create(id, body);
    return { payload: { contact, contact_inbox: { inbox: null, source_id: null } } };
  }

  @Get(':id')
  @ContactId()
  @MembersOnly()
  @ApiOperation({ operationId: 'getContact', summary: 'One contact' })
  @ApiOkResponse({ type: ContactAnswer })
  async show(
    @CurrentAccount() account: CallingAccount,
    @Param('id', PathId) id: number,
  ): Promise<Shape<ContactAnswer>> {
    return { payload: await this.contacts.show(account.id, id) };
  }

  @Patch(':id')
  @ContactId()
  @MembersOnly('malformed_json', 'validation_failed')
  @ApiOperation({
    operationId: 'updateContact',
    summary: 'Change a contact',
    description:
      'What is left out stays. Attribute objects are merged into the stored ones at the top level.',
  })
  @ApiOkResponse({ type: ContactAnswer })
  async update(
    @CurrentAccount() account: CallingAccount,
    @Param('id', PathId) id: number,
    @Body() body: WriteContactDto,
  ): Promise<Shape<ContactAnswer>> {
    return { payload: await this.contacts.update(account.id, id, body) };
  }

  @Put(':id')
  @ContactId()
  @MembersOnly('malformed_json', 'validation_failed')
  @ApiOperation({ operationId: 'putContact', summary: 'The same as PATCH, as in Chatwoot' })
  @ApiOkResponse({ type: ContactAnswer })
  put(
    @CurrentAccount() account: CallingAccount,
    @Param('id', PathId) id: number,
    @Body() body: WriteContactDto,
  ): Promise<Shape<ContactAnswer>> {
    return this.update(account, id, body);
  }

  @Delete(':id')
  @ContactId()
  @AdminOnly()
  @ApiOperation({
    operationId: 'deleteContact',
    summary: 'Delete a contact with its conversations',
    description: 'A linked contact stays in HighLevel.',
  })
  @ApiOkResponse({ description: 'Deleted' })
  remove(@CurrentAccount() account: CallingAccount, @Param('id', PathId) id: number): Promise<void> {
    return this.contacts.remove(account.id, id);
  }

  @Get(':id/labels')
  @ContactId()
  @MembersOnly()
  @ApiOperation({ operationId: 'listContactLabels', summary: 'Labels of a contact' })
  @ApiOkResponse({ type: LabelsAnswer })
  async labels(
    @CurrentAccount() account: CallingAccount,
    @Param('id', PathId) id: number,
  ): Promise<Shape<LabelsAnswer>> {
    return { payload: await this.contacts.labels(account.id, id) };
  }

  @Post(':id/labels')
  @HttpCode(200)
  @ContactId()
  @MembersOnly('malformed_json', 'validation_failed')
  @ApiOperation({ operationId: 'setContactLabels', summary: 'Replace the labels of a contact' })
  @ApiOkResponse({ type: LabelsAnswer })
  async setLabels(
    @CurrentAccount() account: CallingAccount,
    @Param('id', PathId) id: number,
    @Body() { labels }: LabelsDto,
  ): Promise<Shape<LabelsAnswer>> {
    return { payload: await this.contacts.setLabels(account.id, id, labels) };
  }
}
