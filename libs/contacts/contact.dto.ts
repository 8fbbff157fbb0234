import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { inWords } from '#libs/http';
import { text } from '#libs/i18n';
import { E164_PATTERN, EMAIL_PATTERN } from './contact-identity.js';
import { SORT_ORDERS, type SortOrder } from './contact-query.js';

const MAX_TEXT = 255;
const MAX_LABELS = 200;
const MAX_SEARCH_TEXT = 500;

/** Rails' sentence. */
const NOT_TOO_LONG = [MAX_TEXT, inWords(text('validation.too_long', { max: MAX_TEXT }))] as const;

/** Blank means "none" and is stored as null. */
function isFilled(_: object, value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

const ATTRIBUTES = { type: 'object', additionalProperties: true } as const;

export class WriteContactDto {
  @ApiPropertyOptional({ maxLength: MAX_TEXT, example: 'Mara Quill' })
  @IsOptional()
  @IsString()
  @MaxLength(...NOT_TOO_LONG)
  name?: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'mara.quill@example.test',
    description: 'Unique in the account, whatever its case. Blank: none.',
  })
  @ValidateIf(isFilled)
  @Matches(EMAIL_PATTERN, inWords(text('validation.email')))
  @MaxLength(...NOT_TOO_LONG)
  email?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: '+14155550142',
    description: 'E.164, unique in the account. Blank: none.',
  })
  @ValidateIf(isFilled)
  @Matches(E164_PATTERN, inWords(text('validation.phone_number')))
  phone_number?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: MAX_TEXT,
    example: 'customer-4711',
    description: "Your own id, unique in the account; the website widget's user id. Blank: none.",
  })
  @ValidateIf(isFilled)
  @IsString()
  @MaxLength(...NOT_TOO_LONG)
  identifier?: string | null;

  @ApiPropertyOptional({ default: false, description: 'Conversations of a blocked contact open resolved' })
  @IsOptional()
  @IsBoolean()
  blocked?: boolean;

  @ApiPropertyOptional({ ...ATTRIBUTES, example: { company_name: 'Quill & Sons', city: 'Oakland' } })
  @IsOptional()
  @IsObject()
  additional_attributes?: Record<string, unknown>;

  @ApiPropertyOptional({ ...ATTRIBUTES, example: { tier: 'gold' } })
  @IsOptional()
  @IsObject()
  custom_attributes?: Record<string, unknown>;
}

export class ContactListQuery {
  @ApiPropertyOptional({
    pattern: '^[1-9][0-9]{0,6}$',
    example: '1',
    description: 'From 1; 15 contacts a page',
  })
  @IsOptional()
  @Matches(/^[1-9]\d{0,6}$/, inWords(text('validation.page')))
  page?: string;

  @ApiPropertyOptional({
    enum: SORT_ORDERS,
    default: '-last_activity_at',
    description: 'With a minus: descending',
  })
  @IsOptional()
  @IsIn(SORT_ORDERS)
  sort?: SortOrder;
}

export class ContactSearchQuery extends ContactListQuery {
  @ApiProperty({
    maxLength: MAX_SEARCH_TEXT,
    example: 'quill',
    description: 'Part of a name, e-mail, phone number, identifier or company',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_SEARCH_TEXT)
  q?: string;
}

export class LabelsDto {
  @ApiProperty({
    type: [String],
    maxItems: MAX_LABELS,
    example: ['vip', 'newsletter'],
    description: 'All labels of the contact from now on',
  })
  @IsArray()
  @ArrayMaxSize(MAX_LABELS)
  @IsString({ each: true })
  @MaxLength(MAX_TEXT, { each: true })
  labels!: string[];
}

export class ContactInboxInboxDto {
  @ApiProperty({ type: 'integer', example: 3 })
  id!: number;

  @ApiProperty({ type: 'integer', example: 3 })
  channel_id!: number;

  @ApiProperty({ example: 'Website' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Channel::WebWidget' })
  channel_type!: string | null;
}

export class ContactInboxDto {
  @ApiProperty({ example: 'e2b3f3d0-5a52-4b5c-9d0c-0d8f0c8f7f11' })
  source_id!: string;

  @ApiProperty()
  inbox!: ContactInboxInboxDto;
}

export class ContactDto {
  @ApiProperty({ type: 'integer', example: 7 })
  id!: number;

  @ApiProperty({ example: 'Mara Quill' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'mara.quill@example.test' })
  email!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '+14155550142' })
  phone_number!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  identifier!: string | null;

  @ApiProperty({ example: false })
  blocked!: boolean;

  @ApiProperty({ example: '', description: 'Pictures are DeskFlow’s; this service has none' })
  thumbnail!: string;

  @ApiProperty({ enum: ['offline'], description: 'Presence is known to DeskFlow only' })
  availability_status!: 'offline';

  @ApiProperty({ ...ATTRIBUTES, example: { company_name: 'Quill & Sons' } })
  additional_attributes!: object;

  @ApiProperty({ ...ATTRIBUTES, example: {} })
  custom_attributes!: object;

  @ApiPropertyOptional({
    type: 'integer',
    example: 1_795_000_000,
    description: 'Epoch seconds; absent when there was none',
  })
  last_activity_at?: number;

  @ApiProperty({ type: 'integer', example: 1_795_000_000, description: 'Epoch seconds' })
  created_at!: number;

  @ApiProperty({ type: [ContactInboxDto] })
  contact_inboxes!: ContactInboxDto[];
}

export class ContactListMeta {
  @ApiProperty({ type: 'integer', example: 1, description: 'On all pages' })
  count!: number;

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'integer' }],
    example: 1,
    description: 'The parameter as it was given, else the number 1',
  })
  current_page!: string | number;
}

export class ContactList {
  @ApiProperty()
  meta!: ContactListMeta;

  @ApiProperty({ type: [ContactDto] })
  payload!: ContactDto[];
}

export class ContactAnswer {
  @ApiProperty()
  payload!: ContactDto;
}

export class NoContactInboxDto {
  @ApiProperty({ type: 'null', example: null })
  inbox!: null;

  @ApiProperty({ type: 'null', example: null })
  source_id!: null;
}

export class CreatedContactDto {
  @ApiProperty()
  contact!: ContactDto;

  @ApiProperty({ description: 'Contacts are made without an inbox here' })
  contact_inbox!: NoContactInboxDto;
}

export class CreatedContactAnswer {
  @ApiProperty()
  payload!: CreatedContactDto;
}

export class LabelsAnswer {
  @ApiProperty({ type: [String], example: ['newsletter', 'vip'] })
  payload!: string[];
}
