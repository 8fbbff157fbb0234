import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { IMPORT_DIRECTIONS, IMPORT_STATES, type ImportDirection, type ImportState } from '#libs/database';
import { inWords, IsInstant, KeysetMeta, KeysetQuery, RefuseUnknownKeys } from '#libs/http';
import { text } from '#libs/i18n';

export const IMPORT_SELECTIONS = ['all', 'tag', 'since'] as const;
export type SelectionName = (typeof IMPORT_SELECTIONS)[number];

const TIME = { type: String, format: 'date-time', nullable: true } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;

/** What is to be imported. A misspelled `tag` or `dry_run` must not import everything. */
@RefuseUnknownKeys()
export class StartImport {
  @ApiPropertyOptional({
    example: 'Loc0InventedSubacc01',
    description: 'Which location; may be left out where the account has one',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  location_id?: string;

  @ApiPropertyOptional({ enum: IMPORT_SELECTIONS, default: 'all' })
  @IsOptional()
  @IsIn(IMPORT_SELECTIONS)
  selection?: SelectionName;

  @ApiPropertyOptional({ example: 'vip', description: "HighLevel's tag; with `selection` `tag`" })
  @ValidateIf(({ selection }: StartImport) => selection === 'tag')
  @IsString()
  @Length(1, 200)
  tag?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-11-01T00:00:00Z',
    description: 'Contacts that were changed then or later; with `selection` `since`',
  })
  @ValidateIf(({ selection }: StartImport) => selection === 'since')
  @IsInstant()
  since?: string;

  @ApiPropertyOptional({
    enum: IMPORT_DIRECTIONS,
    default: 'in',
    description:
      '`in`: to DeskFlow. `out`: contacts that the location does not have, to HighLevel. `both`: first in, then out',
  })
  @IsOptional()
  @IsIn(IMPORT_DIRECTIONS)
  direction?: ImportDirection;

  @ApiPropertyOptional({ default: false, description: 'Write nothing, only tell what would happen' })
  @IsOptional()
  @IsBoolean()
  dry_run?: boolean;
}

/** What became of contacts, or of a dry run: what would. */
export class ImportCountsDto {
  @ApiProperty({ ...COUNT, example: 812, description: 'New in DeskFlow' })
  created!: number;

  @ApiProperty({ ...COUNT, example: 140, description: 'Changed, or linked with a contact that was there' })
  updated!: number;

  @ApiProperty({ ...COUNT, example: 40, description: 'Equal on both sides already' })
  unchanged!: number;

  @ApiProperty({ ...COUNT, example: 6, description: 'Deleted in DeskFlow, or otherwise not to be imported' })
  skipped!: number;

  @ApiProperty({ ...COUNT, example: 2, description: 'See the failures' })
  failed!: number;

  @ApiProperty({
    ...COUNT,
    example: 30,
    description: 'Handed to the outbox, which brings them to HighLevel within its rate limits',
  })
  queued!: number;

  @ApiProperty({ ...COUNT, example: 3, description: 'Fields that both sides had changed' })
  conflicts!: number;
}

export class ImportDto {
  @ApiProperty({ type: 'integer', example: 7 })
  id!: number;

  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({ enum: IMPORT_SELECTIONS })
  selection!: SelectionName;

  @ApiProperty({ type: String, nullable: true, example: 'vip' })
  tag!: string | null;

  @ApiProperty(TIME)
  since!: string | null;

  @ApiProperty({ enum: IMPORT_DIRECTIONS, enumName: 'ImportDirection' })
  direction!: ImportDirection;

  @ApiProperty()
  dry_run!: boolean;

  @ApiProperty({ enum: IMPORT_STATES, enumName: 'ImportState' })
  state!: ImportState;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'waiting_for_highlevel',
    description: 'Why it waits or failed, as a machine code',
  })
  reason!: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 1000,
    description: 'How many contacts there are; null until HighLevel has said',
  })
  total!: number | null;

  @ApiProperty({ ...COUNT, example: 1000, description: 'How many of them are dealt with' })
  done!: number;

  @ApiProperty()
  counts!: ImportCountsDto;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 480.5,
    description: 'Contacts a second, without the time it was paused or waited',
  })
  contacts_per_second!: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 12,
    description: 'Seconds left at that rate; null while it does not run',
  })
  seconds_left!: number | null;

  @ApiProperty({ type: 'integer', description: 'User who started it' })
  started_by!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  updated_at!: string;

  @ApiProperty(TIME)
  finished_at!: string | null;
}

export class ImportAnswer {
  @ApiProperty()
  payload!: ImportDto;
}

export class ImportList {
  @ApiProperty()
  meta!: KeysetMeta;

  @ApiProperty({ type: [ImportDto] })
  payload!: ImportDto[];
}

export class ImportListQuery extends KeysetQuery {}

/** A contact that could not be imported. */
export class ImportFailureDto {
  @ApiProperty({ type: 'integer', example: 3 })
  id!: number;

  @ApiProperty({ example: 'Con0InventedPerson01' })
  ghl_contact_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Mara Quill' })
  name!: string | null;

  @ApiProperty({ example: 'value_not_storable', description: 'As a machine code' })
  reason!: string;
}

export class ImportFailureListQuery {
  @ApiPropertyOptional({
    pattern: '^[1-9][0-9]{0,14}$',
    description: 'Only those after this id: `meta.next_after` of the page before',
  })
  @IsOptional()
  @Matches(/^[1-9]\d{0,14}$/, inWords(text('validation.id')))
  after?: string;
}

export class ImportFailureMeta {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: '`after` of the next page; null on the last one',
  })
  next_after!: number | null;
}

export class ImportFailureList {
  @ApiProperty()
  meta!: ImportFailureMeta;

  @ApiProperty({ type: [ImportFailureDto] })
  payload!: ImportFailureDto[];
}
