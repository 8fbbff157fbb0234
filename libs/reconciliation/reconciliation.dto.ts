import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { KeysetMeta, KeysetQuery, RefuseUnknownKeys } from '#libs/http';
import {
  RECONCILIATION_KINDS,
  RECONCILIATION_REASONS,
  type ReconciliationKind,
  type ReconciliationReason,
} from './reconciliation.js';

const TIME = { type: String, format: 'date-time' } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;
const KIND = {
  enum: RECONCILIATION_KINDS,
  enumName: 'ReconciliationKind',
  description:
    '`changes`: contacts that HighLevel changed, every ten minutes; `deletions`: contacts that it has no more, daily',
} as const;

/** Which reconciliation is wanted now. */
@RefuseUnknownKeys()
export class RequestReconciliation {
  @ApiPropertyOptional({ ...KIND, default: 'changes' })
  @IsOptional()
  @IsIn(RECONCILIATION_KINDS)
  kind?: ReconciliationKind;

  @ApiPropertyOptional({
    example: 'Loc0InventedSubacc01',
    description: 'All locations of the account where it is left out',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  location_id?: string;
}

export class ReconciliationDto {
  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty(KIND)
  kind!: ReconciliationKind;

  @ApiProperty({ description: 'Whether a worker is at it' })
  running!: boolean;

  @ApiProperty({ ...TIME, description: 'What HighLevel changed before is known to be here' })
  agreed_until!: string;

  @ApiProperty({ ...TIME, description: 'When the next run is due' })
  due_at!: string;

  @ApiProperty({ ...TIME, nullable: true, description: 'When the last one came to its end' })
  finished_at!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'HighLevel did not answer (POST /contacts/search 503)',
    description: 'Why it waits; null while it gets on',
  })
  last_error!: string | null;
}

export class ReconciliationList {
  @ApiProperty({ type: [ReconciliationDto] })
  payload!: ReconciliationDto[];
}

/** A reconciliation that found something, or was asked for. */
export class ReconciliationRunDto {
  @ApiProperty({ type: 'integer', example: 7 })
  id!: number;

  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty(KIND)
  kind!: ReconciliationKind;

  @ApiProperty({ enum: RECONCILIATION_REASONS, enumName: 'ReconciliationReason' })
  reason!: ReconciliationReason;

  @ApiProperty({ ...TIME, description: 'It looked at everything since' })
  agreed_from!: string;

  @ApiProperty(TIME)
  began_at!: string;

  @ApiProperty(TIME)
  finished_at!: string;

  @ApiProperty({ ...COUNT, example: 1, description: 'To HighLevel' })
  requests!: number;

  @ApiProperty({ ...COUNT, example: 40, description: 'Contacts' })
  looked_at!: number;

  @ApiProperty({ ...COUNT, example: 1, description: 'That DeskFlow did not have' })
  created!: number;

  @ApiProperty({ ...COUNT, example: 2, description: 'That DeskFlow had as they were before' })
  updated!: number;

  @ApiProperty({ ...COUNT, example: 1, description: 'That HighLevel has no more' })
  archived!: number;

  @ApiProperty({ ...COUNT, example: 0, description: 'Whose values cannot be stored' })
  refused!: number;

  @ApiProperty({ ...COUNT, example: 0, description: 'Fields that both sides had changed' })
  conflicts!: number;
}

export class ReconciliationRunList {
  @ApiProperty()
  meta!: KeysetMeta;

  @ApiProperty({ type: [ReconciliationRunDto] })
  payload!: ReconciliationRunDto[];
}

export class ReconciliationRunListQuery extends KeysetQuery {}
