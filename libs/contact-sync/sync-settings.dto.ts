import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import {
  CONFLICT_POLICIES,
  type ConflictPolicy,
  DELETION_CHOICES,
  type DeletionChoice,
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

export class SyncSettingsDto {
  @ApiProperty(POLICY)
  conflict_policy!: ConflictPolicy;

  @ApiProperty(ON_DELETE)
  on_delete!: DeletionChoice;
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
}
