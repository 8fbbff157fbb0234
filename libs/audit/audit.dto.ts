import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { AUDIT_ACTOR_KINDS, AUDIT_OUTCOMES, type AuditActorKind, type AuditOutcome } from '#libs/database';
import { KeysetMeta, KeysetQuery } from '#libs/http';
import { AUDIT_ACTIONS, type AuditAction } from './audit-actions.js';

export class AuditQuery extends KeysetQuery {
  @ApiPropertyOptional({ enum: AUDIT_ACTIONS, description: 'Only entries of this action' })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  action?: AuditAction;
}

export class AuditActorDto {
  @ApiProperty({
    enum: AUDIT_ACTOR_KINDS,
    description: 'A user of DeskFlow, this service by itself, or HighLevel',
  })
  kind!: AuditActorKind;

  @ApiProperty({ type: 'integer', nullable: true, example: 1 })
  user_id!: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'Ada', description: 'Null when the user is gone' })
  name!: string | null;
}

export class AuditEntryDto {
  @ApiProperty({ type: 'integer', example: 4711 })
  id!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;

  @ApiProperty({ example: 'event.replay', description: 'Machine code of what was done' })
  action!: string;

  @ApiProperty()
  actor!: AuditActorDto;

  @ApiProperty({ enum: AUDIT_OUTCOMES })
  outcome!: AuditOutcome;

  @ApiProperty({ type: 'integer', nullable: true, description: 'The integration hook it was done to' })
  hook_id!: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'Loc0InventedSubacc01' })
  location_id!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { event_id: 42, was: 'dead' } })
  details!: object;
}

export class AuditList {
  @ApiProperty()
  meta!: KeysetMeta;

  @ApiProperty({ type: [AuditEntryDto] })
  payload!: AuditEntryDto[];
}
