import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length, Matches } from 'class-validator';
import { SYNC_DIRECTIONS, type SyncDirection } from '#libs/database';
import { inWords } from '#libs/http';
import { text } from '#libs/i18n';
import { SYNC_STATES, type SyncState } from './contact-states.js';

const TIME = { type: String, format: 'date-time' } as const;

export class ContactStatesQuery {
  @ApiProperty({
    pattern: '^[1-9][0-9]{0,9}(,[1-9][0-9]{0,9}){0,99}$',
    example: '17,18',
    description: 'Ids of up to 100 contacts, separated by commas',
  })
  @Matches(/^[1-9]\d{0,9}(,[1-9]\d{0,9}){0,99}$/, inWords(text('validation.ids', { max: 100 })))
  contact_ids!: string;
}

export class UnlinkQuery {
  @ApiPropertyOptional({
    example: 'Loc0InventedSubacc01',
    description: 'Only there; all of its locations where it is left out',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  location_id?: string;
}

export class PendingChangeDto {
  @ApiProperty({ enum: ['push', 'delete'], example: 'push' })
  operation!: string;

  @ApiProperty(TIME)
  since!: string;

  @ApiProperty({ type: 'integer', minimum: 0, example: 0 })
  attempts!: number;

  @ApiProperty(TIME)
  next_attempt_at!: string;
}

export class SyncErrorDto {
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'duplicate_in_highlevel',
    description: 'Why it was given up, as a machine code; null while it is tried again',
  })
  reason!: string | null;

  @ApiProperty({ type: String, nullable: true })
  message!: string | null;
}

export class ContactStateDto {
  @ApiProperty({ type: 'integer', example: 17 })
  contact_id!: number;

  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({
    enum: SYNC_STATES,
    enumName: 'ContactSyncState',
    description:
      '`failed`: a change was given up, a person has to look. `paused`: the connection is not well. `unlinked`: a person ' +
      'wants the two to go their own ways.',
  })
  state!: SyncState;

  @ApiProperty({ type: String, nullable: true, example: 'Con0InventedPerson01' })
  ghl_contact_id!: string | null;

  @ApiProperty({ ...TIME, nullable: true })
  last_synced_at!: string | null;

  @ApiProperty({
    enum: SYNC_DIRECTIONS,
    enumName: 'SyncDirection',
    nullable: true,
    description: 'Which way it went then; `in` is to DeskFlow',
  })
  direction!: SyncDirection | null;

  @ApiProperty({ type: PendingChangeDto, nullable: true })
  pending!: PendingChangeDto | null;

  @ApiProperty({ type: SyncErrorDto, nullable: true })
  error!: SyncErrorDto | null;
}

export class ContactStatesAnswer {
  @ApiProperty({ type: [ContactStateDto], description: 'One for each contact and location' })
  payload!: ContactStateDto[];
}
