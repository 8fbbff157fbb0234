import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { WORK_STATES, type WorkState } from '#libs/database';
import { KeysetMeta, KeysetQuery, RefuseUnknownKeys } from '#libs/http';
import { type AttemptOutcome } from '#libs/queue';
import { DISCARD_OUTCOMES, type DiscardOutcome, DISCARDABLE_SETS } from './event-discard.js';
import { EventFilterDto } from './event-filter.dto.js';
import { REPLAY_OUTCOMES, type ReplayOutcome, REPLAYABLE_SETS } from './event-replay.js';
import { type PayloadFormat, type ShownPayload } from './shown-payload.js';

const TIME = { type: String, format: 'date-time', nullable: true } as const;
const TEXT = { type: String, nullable: true } as const;

export class EventListQuery extends IntersectionType(KeysetQuery, EventFilterDto) {
  @ApiPropertyOptional({ enum: WORK_STATES })
  @IsOptional()
  @IsIn(WORK_STATES)
  state?: WorkState;
}

class EventSetDto extends EventFilterDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'Only events after this id: `next_after` of the call before, to go on with a large set',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;
}

@RefuseUnknownKeys()
export class ReplaySetDto extends EventSetDto {
  @ApiPropertyOptional({ enum: REPLAYABLE_SETS, default: 'dead' })
  @IsOptional()
  @IsIn(REPLAYABLE_SETS)
  state?: (typeof REPLAYABLE_SETS)[number];
}

@RefuseUnknownKeys()
export class DiscardSetDto extends EventSetDto {
  @ApiPropertyOptional({ enum: DISCARDABLE_SETS, default: 'dead' })
  @IsOptional()
  @IsIn(DISCARDABLE_SETS)
  state?: (typeof DISCARDABLE_SETS)[number];
}

/** An event as HighLevel delivered it, and what became of it. */
export class EventDto {
  @ApiProperty({ type: 'integer', example: 42 })
  id!: number;

  @ApiProperty({ example: 'ContactUpdate' })
  type!: string;

  @ApiProperty({ enum: WORK_STATES, enumName: 'EventState' })
  state!: WorkState;

  @ApiProperty({ ...TEXT, description: 'Machine code of why it is in its state' })
  reason!: string | null;

  @ApiProperty({ ...TEXT, example: 'contact:Con0InventedPerson01', description: 'What it happened to' })
  entity!: string | null;

  @ApiProperty({ ...TEXT, example: 'Loc0InventedSubacc01' })
  location_id!: string | null;

  @ApiProperty({ ...TIME, description: "When it happened by HighLevel's clock" })
  event_at!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  received_at!: string;

  @ApiProperty({ ...TIME, description: 'When it was applied, ignored or given up' })
  finished_at!: string | null;

  @ApiProperty({ ...TIME, description: 'While it is `failed`: when it is tried again' })
  next_attempt_at!: string | null;

  @ApiProperty({
    type: 'integer',
    example: 24,
    description: 'Since it came, or since it was last replayed',
  })
  attempts!: number;

  @ApiProperty({ ...TEXT, description: 'What the last attempt failed of' })
  last_error!: string | null;
}

export class EventList {
  @ApiProperty({
    description: 'A page may hold fewer events than asked for while `next_before` leads to more',
  })
  meta!: KeysetMeta;

  @ApiProperty({ type: [EventDto] })
  payload!: EventDto[];
}

export class AttemptDto {
  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;

  @ApiProperty({ type: 'integer', example: 1 })
  attempt!: number;

  @ApiProperty({
    enum: ['failed', 'dead', 'lease_expired'],
    description: '`lease_expired`: its worker died meanwhile',
  })
  outcome!: AttemptOutcome;

  @ApiProperty({ example: 'PostgreSQL: deadlock detected (40P01)' })
  error!: string;
}

export class EventDetail extends EventDto {
  @ApiProperty({ enum: ['json', 'text', 'dropped'], description: '`dropped`: it was kept long enough' })
  payload_format!: PayloadFormat;

  @ApiProperty({
    oneOf: [{ type: 'object', additionalProperties: true }, { type: 'array', items: {} }, { type: 'string' }],
    nullable: true,
    description: 'What was delivered; what looks like a secret is masked, what is very long or deep is cut',
    example: { type: 'ContactUpdate', id: 'Con0InventedPerson01', firstName: 'Mara' },
  })
  payload!: ShownPayload;

  @ApiProperty({ type: [AttemptDto], description: 'Failed attempts, the latest 40, oldest first' })
  failed_attempts!: AttemptDto[];
}

export class EventAnswer {
  @ApiProperty()
  payload!: EventDetail;
}

export class ReplayAnswer {
  @ApiProperty({ enum: REPLAY_OUTCOMES, description: '`already_waiting`: nothing was changed' })
  outcome!: ReplayOutcome;

  @ApiProperty()
  payload!: EventDto;
}

export class DiscardAnswer {
  @ApiProperty({
    enum: DISCARD_OUTCOMES,
    description: '`being_applied` and `already_over`: nothing was changed',
  })
  outcome!: DiscardOutcome;

  @ApiProperty()
  payload!: EventDto;
}

/** What a call for a set of events did. */
export class EventSetAnswer {
  @ApiProperty({ type: 'integer', example: 120, description: 'Events that were replayed or discarded' })
  changed!: number;

  @ApiProperty({ type: 'integer', example: 0, description: 'Events of the set that needed no change' })
  unchanged!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { payload_dropped: 3 },
    description: 'Events that could not be changed, by reason',
  })
  refused!: Record<string, number>;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: null,
    description: 'There may be more: call again with `after`. Null: the set is finished.',
  })
  next_after!: number | null;
}
