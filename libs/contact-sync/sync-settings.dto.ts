import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import {
  CONFLICT_POLICIES,
  type ConflictPolicy,
  DELETION_CHOICES,
  type DeletionChoice,
  SSO_ROLES,
  type SsoRole,
} from '#libs/database';

const POLICY = {
  enum: CONFLICT_POLICIES,
  enumName: 'ConflictPolicy',
  description: 'Who wins where both sides changed the same field of a contact since they last agreed',
};
const ON_DELETE = {
  enum: DELETION_CHOICES,
  enumName: 'DeletionChoice',
  description:
    "What becomes of HighLevel's contact when DeskFlow's is deleted: left alone, marked with a tag, or deleted",
};
const SSO_ROLE = {
  enum: SSO_ROLES,
  enumName: 'SsoRole',
  description:
    'The most that somebody may be who signs on from HighLevel: nothing, an agent, or what they are in DeskFlow',
};

const DEFAULT_LOCATION = {
  type: String,
  nullable: true,
  example: 'Loc0InventedSubacc01',
  description:
    'Where new contacts of DeskFlow go in an account with several locations; null: they stay in DeskFlow. ' +
    'An account with one location needs none',
};

export class SyncSettingsDto {
  @ApiProperty(POLICY)
  conflict_policy!: ConflictPolicy;

  @ApiProperty(ON_DELETE)
  on_delete!: DeletionChoice;

  @ApiProperty(SSO_ROLE)
  sso_role!: SsoRole;

  @ApiProperty(DEFAULT_LOCATION)
  default_location_id!: string | null;
}

export class SyncSettingsAnswer {
  @ApiProperty()
  payload!: SyncSettingsDto;
}

/** What is left out stays as it is. */
export class ChangeSyncSettings {
  @ApiPropertyOptional(POLICY)
  @IsOptional()
  @IsIn(CONFLICT_POLICIES)
  conflict_policy?: ConflictPolicy;

  @ApiPropertyOptional(ON_DELETE)
  @IsOptional()
  @IsIn(DELETION_CHOICES)
  on_delete?: DeletionChoice;

  @ApiPropertyOptional(SSO_ROLE)
  @IsOptional()
  @IsIn(SSO_ROLES)
  sso_role?: SsoRole;

  @ApiPropertyOptional(DEFAULT_LOCATION)
  @IsOptional()
  @IsString()
  @Length(1, 200)
  default_location_id?: string | null;
}
