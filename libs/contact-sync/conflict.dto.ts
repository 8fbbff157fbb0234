import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { CONFLICT_POLICIES, CONFLICT_SIDES, type ConflictPolicy, type ConflictSide } from '#libs/database';
import { inWords, KeysetMeta, KeysetQuery } from '#libs/http';
import { text } from '#libs/i18n';

const TIME = { type: String, format: 'date-time', nullable: true } as const;
/** Whatever JSON a field holds. */
export type FieldValue = object | string | number | boolean | null;

const VALUE = [
  { type: 'string' },
  { type: 'number' },
  { type: 'boolean' },
  { type: 'array', items: {} },
  { type: 'object', additionalProperties: true },
];

export class ConflictListQuery extends KeysetQuery {
  @ApiPropertyOptional({
    pattern: '^[1-9][0-9]{0,9}$',
    example: '17',
    description: 'Only those of this contact',
  })
  @IsOptional()
  @Matches(/^[1-9]\d{0,9}$/, inWords(text('validation.id')))
  contact_id?: string;

  @ApiPropertyOptional({
    enum: ['true', 'false'],
    description: 'Only those that were, or were not, reversed',
  })
  @IsOptional()
  @IsIn(['true', 'false'])
  reversed?: 'true' | 'false';
}

/** A field of a contact that both sides had changed. */
export class ConflictDto {
  @ApiProperty({ type: 'integer', example: 42 })
  id!: number;

  @ApiProperty({ type: 'integer', example: 17 })
  contact_id!: number;

  @ApiProperty({ type: String, nullable: true, example: 'Ada', description: 'Null when the contact is gone' })
  contact_name!: string | null;

  @ApiProperty({ example: 'Con0InventedPerson01' })
  ghl_contact_id!: string;

  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({ example: 'firstName', description: "HighLevel's name, `tags.<tag>` or `customFields.<id>`" })
  field!: string;

  @ApiProperty({
    oneOf: VALUE,
    nullable: true,
    description: 'What both sides last agreed on',
    example: 'Mara',
  })
  base!: FieldValue;

  @ApiProperty({ oneOf: VALUE, nullable: true, example: 'Maria' })
  deskflow!: FieldValue;

  @ApiProperty({ oneOf: VALUE, nullable: true, example: 'Marie' })
  highlevel!: FieldValue;

  @ApiProperty({ ...TIME, description: 'When it was changed in DeskFlow' })
  deskflow_at!: string | null;

  @ApiProperty({ ...TIME, description: 'When it was changed in HighLevel' })
  highlevel_at!: string | null;

  @ApiProperty({ enum: CONFLICT_POLICIES, enumName: 'ConflictPolicy' })
  policy!: ConflictPolicy;

  @ApiProperty({ enum: CONFLICT_SIDES, enumName: 'ConflictSide', description: 'Whose value stayed' })
  kept!: ConflictSide;

  @ApiProperty({ type: String, format: 'date-time' })
  detected_at!: string;

  @ApiProperty({ ...TIME, description: 'When a person put the other value in its place' })
  reversed_at!: string | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Who did' })
  reversed_by!: number | null;
}

export class ConflictList {
  @ApiProperty()
  meta!: KeysetMeta;

  @ApiProperty({ type: [ConflictDto] })
  payload!: ConflictDto[];
}

export class ReversedConflictAnswer {
  @ApiProperty({
    enum: ['reversed', 'already_reversed'],
    description: 'Doing it twice is doing it once',
  })
  outcome!: 'reversed' | 'already_reversed';

  @ApiProperty()
  payload!: ConflictDto;
}
