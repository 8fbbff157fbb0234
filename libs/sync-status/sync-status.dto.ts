import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { SYNC_DIRECTIONS, type SyncDirection, WORK_STATES, type WorkState } from '#libs/database';
import { IsOptional, ValidateBy } from 'class-validator';
import { inWords } from '#libs/http';
import { text } from '#libs/i18n';
import { COUNTED_UP_TO, SYNC_HEALTH, type SyncHealth } from './sync-status.js';

const TIME = { type: String, format: 'date-time' } as const;
const TEXT = { type: String, nullable: true } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;

const isTimeZone = (value: unknown): boolean => {
  if (typeof value !== 'string' || !/^[A-Za-z]/.test(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
};

export class SyncOverviewQuery {
  @ApiPropertyOptional({
    default: 'UTC',
    example: 'America/Sao_Paulo',
    description: 'Where days begin, by its name in the IANA database',
  })
  @IsOptional()
  @ValidateBy(
    { name: 'isTimeZone', validator: { validate: isTimeZone } },
    inWords(text('validation.time_zone')),
  )
  time_zone?: string;
}

export class LaneStatusDto {
  @ApiProperty({ ...COUNT, maximum: COUNTED_UP_TO, description: 'Counted up to the limit' })
  pending!: number;

  @ApiProperty({
    ...COUNT,
    maximum: COUNTED_UP_TO,
    description: 'Tried again after a failure; counted up to the limit',
  })
  failed!: number;

  @ApiProperty({
    ...COUNT,
    maximum: COUNTED_UP_TO,
    description:
      'Given up: a person has to look; counted up to the limit. A push counts until both sides agree again',
  })
  dead!: number;

  @ApiProperty({ ...TIME, nullable: true, description: 'Since when the oldest waits' })
  oldest_at!: string | null;

  @ApiProperty({ type: Number, minimum: 0, description: 'The same in seconds; 0 when nothing waits' })
  lag_seconds!: number;
}

export class ThroughputPointDto {
  @ApiProperty({ ...TIME, description: 'When it began' })
  at!: string;

  @ApiProperty({ ...COUNT, description: 'Contacts brought to DeskFlow' })
  in!: number;

  @ApiProperty({ ...COUNT, description: 'Contacts brought to HighLevel' })
  out!: number;
}

export class ThroughputDto {
  @ApiProperty({ type: [ThroughputPointDto], description: 'The last 24, oldest first' })
  hours!: ThroughputPointDto[];

  @ApiProperty({ type: [ThroughputPointDto], description: 'The last 30, oldest first' })
  days!: ThroughputPointDto[];
}

export class DailyBudgetDto {
  @ApiProperty({ ...COUNT, example: 200_000 })
  limit!: number;

  @ApiProperty({ ...COUNT, example: 187_204 })
  left!: number;
}

export class RateBudgetDto {
  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({ ...TEXT, example: 'Harbour Dental' })
  location_name!: string | null;

  @ApiProperty({ ...COUNT, example: 100, description: 'Requests that one window admits' })
  limit!: number;

  @ApiProperty({ ...COUNT, example: 93, description: 'Of those, left at the moment' })
  left!: number;

  @ApiProperty({ ...COUNT, example: 10_000, description: 'Length of the window' })
  interval_ms!: number;

  @ApiProperty({
    type: DailyBudgetDto,
    nullable: true,
    description: "What is left of the day, as HighLevel's last answer told; null where there was none lately",
  })
  daily!: DailyBudgetDto | null;

  @ApiProperty({ ...COUNT, description: 'HighLevel asked to wait for so long' })
  paused_for_ms!: number;
}

export class DriftDto {
  @ApiProperty({
    ...COUNT,
    description: 'Contacts that reconciliations of the last 30 days found different and mended',
  })
  found!: number;

  @ApiProperty({ ...TIME, nullable: true })
  last_run_at!: string | null;
}

export class ActivityDto {
  @ApiProperty({ type: 'integer' })
  id!: number;

  @ApiProperty({ enum: SYNC_DIRECTIONS, enumName: 'SyncDirection' })
  direction!: SyncDirection;

  @ApiProperty({
    example: 'ContactUpdate',
    description: "HighLevel's event; `push` or `delete` for what went there",
  })
  type!: string;

  @ApiProperty({ enum: WORK_STATES, enumName: 'EventState' })
  state!: WorkState;

  @ApiProperty({ ...TEXT, description: 'Machine code of why it is in its state' })
  reason!: string | null;

  @ApiProperty(TEXT)
  location_id!: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  contact_id!: number | null;

  @ApiProperty({ ...TEXT, example: 'Mara Quill' })
  contact_name!: string | null;

  @ApiProperty({ ...TIME, description: 'When it ended; when it came, as long as it has not' })
  at!: string;
}

export class SyncOverviewDto {
  @ApiProperty({
    enum: SYNC_HEALTH,
    enumName: 'SyncHealth',
    description: '`paused`: a connection is not well. `failed`: something needs a person',
  })
  health!: SyncHealth;

  @ApiProperty({ type: 'integer', example: COUNTED_UP_TO, description: 'Where counting stops' })
  count_limit!: number;

  @ApiProperty({ description: 'From HighLevel to DeskFlow' })
  in!: LaneStatusDto;

  @ApiProperty({ description: 'From DeskFlow to HighLevel' })
  out!: LaneStatusDto;

  @ApiProperty({ ...COUNT, description: 'Contacts that may be one of several, for a person to decide' })
  open_matches!: number;

  @ApiProperty()
  throughput!: ThroughputDto;

  @ApiProperty({ type: [RateBudgetDto], description: 'One for each location' })
  rate_budgets!: RateBudgetDto[];

  @ApiProperty()
  drift!: DriftDto;

  @ApiProperty({ type: [ActivityDto], description: 'The newest 20 of both directions' })
  activity!: ActivityDto[];
}

export class SyncOverviewAnswer {
  @ApiProperty()
  payload!: SyncOverviewDto;
}
