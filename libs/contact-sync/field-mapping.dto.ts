import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import { inWords, RefuseUnknownKeys } from '#libs/http';
import { text } from '#libs/i18n';
import { FIELD_DIRECTIONS, type FieldDirection } from './field-map.js';
import { type MappingHint } from './field-mappings.js';

const MOST_AT_ONCE = 100;
const DIRECTION = {
  enum: FIELD_DIRECTIONS,
  enumName: 'FieldDirection',
  description: '`in`: HighLevel decides. `out`: DeskFlow decides. `off`: neither tells the other',
} as const;
const LOCATION = {
  example: 'Loc0InventedSubacc01',
  description: 'Which location; may be left out where the account has one',
} as const;
/** Those by which this service tells DeskFlow something, and those of custom fields that nobody has chosen one for. */
const FREE_ATTRIBUTE = /^(?!ghl_)[A-Za-z0-9_]{1,100}$|^ghl_field_[\w-]{1,100}$/;

export class MappingQuery {
  @ApiPropertyOptional(LOCATION)
  @IsOptional()
  @IsString()
  @Length(1, 200)
  location_id?: string;
}

export class ShownFieldDto {
  @ApiProperty({
    example: 'customFields.Fld0InventedBudget01',
    description:
      "HighLevel's field; `tags` is all of them, `customFields.` goes before the id of a custom one",
  })
  field!: string;

  @ApiProperty({ example: 'Budget', description: "HighLevel's name, or the id where that is not known" })
  name!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'NUMERICAL',
    description: "HighLevel's kind of a custom field; null where it is not known, or none",
  })
  data_type!: string | null;

  @ApiProperty({ type: [String], description: 'What a field with choices may be' })
  options!: readonly string[];

  @ApiProperty({ example: 'custom_attributes.budget', description: 'Where DeskFlow keeps it' })
  deskflow!: string;

  @ApiProperty(DIRECTION)
  direction!: FieldDirection;

  @ApiProperty({ ...DIRECTION, isArray: true, description: 'What may be chosen' })
  directions!: readonly FieldDirection[];
}

export class MappingDto {
  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({
    enum: ['scope_missing', 'highlevel_unavailable'],
    nullable: true,
    description:
      'Why custom fields are shown by their ids: `locations/customFields.readonly` was not granted (GHL_EXTRA_SCOPES), ' +
      'or HighLevel did not answer',
  })
  hint!: MappingHint | null;

  @ApiProperty({ type: [ShownFieldDto] })
  fields!: readonly ShownFieldDto[];
}

export class MappingAnswer {
  @ApiProperty()
  payload!: MappingDto;
}

export class FieldChoiceDto {
  @ApiProperty({ example: 'customFields.Fld0InventedBudget01' })
  @IsString()
  @Length(1, 200)
  field!: string;

  @ApiPropertyOptional(DIRECTION)
  @IsOptional()
  @IsIn(FIELD_DIRECTIONS)
  direction?: FieldDirection;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'budget',
    description: 'Key of the custom attribute of DeskFlow; null for the standard one. For custom fields only',
  })
  @IsOptional()
  @Matches(FREE_ATTRIBUTE, inWords(text('validation.free_attribute')))
  attribute?: string | null;
}

/** A misspelled key must not change less than was wanted. */
@RefuseUnknownKeys()
export class ChangeMapping {
  @ApiPropertyOptional(LOCATION)
  @IsOptional()
  @IsString()
  @Length(1, 200)
  location_id?: string;

  @ApiProperty({ type: [FieldChoiceDto], description: 'What is left out stays' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_AT_ONCE)
  @ValidateNested({ each: true })
  @Type(() => FieldChoiceDto)
  fields!: FieldChoiceDto[];
}
