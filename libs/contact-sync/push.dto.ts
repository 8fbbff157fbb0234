import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { WORK_STATES, type WorkState } from '#libs/database';
import { KeysetMeta, KeysetQuery } from '#libs/http';
import { PUSH_DISCARD_OUTCOMES, type PushDiscardOutcome } from './push-discard.js';
import { PUSH_OPERATIONS, type PushOperation, TROUBLED_STATES, type TroubledState } from './push-log.js';

const TIME = { type: String, format: 'date-time' } as const;
const TEXT = { type: String, nullable: true } as const;

export class PushListQuery extends KeysetQuery {
  @ApiPropertyOptional({
    enum: TROUBLED_STATES,
    description: 'Only those that are tried again after a failure, or were given up',
  })
  @IsOptional()
  @IsIn(TROUBLED_STATES)
  state?: TroubledState;

  @ApiPropertyOptional({
    enum: ['true', 'false'],
    description: 'Only those that were given up although both sides have agreed since; or all others',
  })
  @IsOptional()
  @IsIn(['true', 'false'])
  settled?: 'true' | 'false';
}

/** A change of a contact in DeskFlow on its way to a location, and what became of it. */
export class PushDto {
  @ApiProperty({ type: 'integer', example: 42 })
  id!: number;

  @ApiProperty({ enum: PUSH_OPERATIONS, enumName: 'PushOperation' })
  operation!: PushOperation;

  @ApiProperty({ enum: WORK_STATES, enumName: 'EventState' })
  state!: WorkState;

  @ApiProperty({
    ...TEXT,
    example: 'duplicate_in_highlevel',
    description: 'Machine code of why it is in its state',
  })
  reason!: string | null;

  @ApiProperty({ type: 'integer', example: 17 })
  contact_id!: number;

  @ApiProperty({ ...TEXT, example: 'Mara Quill', description: 'Null when the contact is gone' })
  contact_name!: string | null;

  @ApiProperty({ ...TEXT, example: 'Con0InventedPerson01' })
  ghl_contact_id!: string | null;

  @ApiProperty({ ...TEXT, example: 'Loc0InventedSubacc01', description: 'Null when it is disconnected' })
  location_id!: string | null;

  @ApiProperty({ ...TEXT, example: 'Harbour Dental' })
  location_name!: string | null;

  @ApiProperty({ ...TIME, description: 'When the contact was changed' })
  changed_at!: string;

  @ApiProperty({ ...TIME, nullable: true, description: 'When it was sent, ignored or given up' })
  finished_at!: string | null;

  @ApiProperty({ ...TIME, nullable: true, description: 'While it is `failed`: when it is tried again' })
  next_attempt_at!: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, example: 3 })
  attempts!: number;

  @ApiProperty({ ...TEXT, description: 'What the last attempt failed of' })
  last_error!: string | null;

  @ApiProperty({ description: 'It was given up, and both sides have agreed since: nothing is left to do' })
  settled!: boolean;
}

export class PushList {
  @ApiProperty()
  meta!: KeysetMeta;

  @ApiProperty({ type: [PushDto] })
  payload!: PushDto[];
}

export class DiscardedPushAnswer {
  @ApiProperty({
    enum: PUSH_DISCARD_OUTCOMES,
    description: '`being_sent` and `already_over`: nothing was changed',
  })
  outcome!: PushDiscardOutcome;

  @ApiProperty()
  payload!: PushDto;
}
