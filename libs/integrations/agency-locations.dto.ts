import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
} from 'class-validator';
import { CONNECTION_STATES, type ConnectionState } from '#libs/database';
import { inWords } from '#libs/http';
import { text } from '#libs/i18n';

/** What HighLevel uses as an id. */
const ID = /^[\w-]{1,100}$/;
const ID_PATTERN = '^[\\w-]{1,100}$';
const MAX_NAME = 100;
/** HighLevel's own default (HL 2.7). */
const DEFAULT_LIMIT = 20;
/** Each costs two or three calls to HighLevel, and the caller waits. */
export const MAX_CONNECTED_AT_ONCE = 25;

const TIME = { type: String, format: 'date-time', nullable: true } as const;
const TEXT = { type: String, nullable: true } as const;

/** Which agency, and which part of its locations. */
export class AgencyLocationsQuery {
  @ApiPropertyOptional({
    pattern: ID_PATTERN,
    example: 'Cmp0InventedAgency01',
    description: "Needed only where the account has several agencies; the first one's otherwise",
  })
  @IsOptional()
  @IsString()
  @Matches(ID)
  company_id?: string;

  @ApiPropertyOptional({ maxLength: MAX_NAME, example: 'Dental', description: 'Part of the name' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_NAME)
  q?: string;

  @ApiPropertyOptional({
    pattern: '^(0|[1-9][0-9]{0,5})$',
    default: '0',
    description: '`meta.next_offset` of the page before',
  })
  @IsOptional()
  @Matches(/^(0|[1-9]\d{0,5})$/, inWords(text('validation.whole_number', { min: 0, max: 999_999 })))
  offset?: string;

  @ApiPropertyOptional({
    pattern: '^([1-9][0-9]?|100)$',
    default: String(DEFAULT_LIMIT),
    description: 'At most so many, up to 100',
  })
  @IsOptional()
  @Matches(/^([1-9]\d?|100)$/, inWords(text('validation.whole_number', { min: 1, max: 100 })))
  limit?: string;
}

export function pageWanted({ offset, limit }: AgencyLocationsQuery): { offset: number; limit: number } {
  return { offset: Number(offset ?? 0), limit: Number(limit ?? DEFAULT_LIMIT) };
}

/** An agency that authorized the app for this account. */
export class AgencyDto {
  @ApiProperty({ example: 'Cmp0InventedAgency01' })
  company_id!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  installed_at!: string;

  @ApiProperty({ description: 'Whether locations that are added later get the app, and connect themselves' })
  install_to_future_locations!: boolean;

  @ApiProperty({ enum: CONNECTION_STATES, enumName: 'ConnectionState' })
  state!: ConnectionState;

  @ApiProperty({ ...TEXT, description: 'Machine code of what is wrong' })
  reason!: string | null;

  @ApiProperty({ description: 'Only a new authorization by the agency helps' })
  reauthorization_required!: boolean;

  @ApiProperty({
    type: [String],
    description: 'Needed to list and connect locations, and not granted',
    example: ['oauth.write'],
  })
  missing_scopes!: string[];
}

export class AgencyLocationDto {
  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({ ...TEXT, example: 'Northwind Dental' })
  name!: string | null;

  @ApiProperty({ ...TEXT, example: '1 Example Square' })
  address!: string | null;

  @ApiProperty({ description: 'Whether the app is installed there; only then it can be connected' })
  installed!: boolean;

  @ApiProperty(TIME)
  installed_at!: string | null;

  @ApiProperty({ description: 'Whether this account is connected to it' })
  connected!: boolean;

  @ApiProperty({
    enum: ['this_account', 'another_account'],
    nullable: true,
    description: 'Who has it; a location belongs to one account',
  })
  held_by!: 'this_account' | 'another_account' | null;
}

export class AgencyLocationsMeta {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of all pages', example: 3 })
  count!: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: '`offset` of the next page; null on the last',
  })
  next_offset!: number | null;
}

export class AgencyLocationsList {
  @ApiProperty({ type: [AgencyDto], description: 'All agencies of the account' })
  agencies!: AgencyDto[];

  @ApiProperty({ type: [AgencyLocationDto], description: 'Locations of one of them' })
  payload!: AgencyLocationDto[];

  @ApiProperty()
  meta!: AgencyLocationsMeta;
}

export class ConnectLocations {
  @ApiProperty({
    type: [String],
    minItems: 1,
    maxItems: MAX_CONNECTED_AT_ONCE,
    uniqueItems: true,
    example: ['Loc0InventedSubacc01'],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_CONNECTED_AT_ONCE)
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(ID, { each: true })
  location_ids!: string[];

  @ApiPropertyOptional({
    pattern: ID_PATTERN,
    example: 'Cmp0InventedAgency01',
    description: "Needed only where the account has several agencies; the first one's otherwise",
  })
  @IsOptional()
  @IsString()
  @Matches(ID)
  company_id?: string;
}

export class ConnectedLocationDto {
  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty()
  connected!: boolean;

  @ApiProperty({ type: 'integer', nullable: true, example: 7 })
  hook_id!: number | null;

  @ApiProperty({ ...TEXT, description: 'Machine code', example: null })
  code!: string | null;

  @ApiProperty({ ...TEXT, description: 'Why it was not connected', example: null })
  error!: string | null;
}

export class ConnectedLocationsList {
  @ApiProperty({ type: [ConnectedLocationDto], description: 'In the order in which they were named' })
  payload!: ConnectedLocationDto[];
}
