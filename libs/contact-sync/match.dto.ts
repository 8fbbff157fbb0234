import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { KeysetMeta, KeysetQuery, RefuseUnknownKeys } from '#libs/http';
import { AMBIGUITIES, type Ambiguity } from './contact-matching.js';

const MOST_ID = 2_147_483_647;

export class MatchListQuery extends KeysetQuery {
  @ApiPropertyOptional({
    enum: ['true', 'false'],
    default: 'false',
    description: 'Those that a person has decided',
  })
  @IsOptional()
  @IsIn(['true', 'false'])
  resolved?: 'true' | 'false';
}

export class CandidateDto {
  @ApiProperty({ type: 'integer', example: 17 })
  id!: number;

  @ApiProperty({ example: 'Mara Quill' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'mara@example.com' })
  email!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '+14155550142' })
  phone_number!: string | null;
}

/** A contact of HighLevel that may be one of several of DeskFlow. */
export class MatchDto {
  @ApiProperty({ type: 'integer', example: 3 })
  id!: number;

  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;

  @ApiProperty({ example: 'Con0InventedPerson01' })
  ghl_contact_id!: string;

  @ApiProperty({
    enum: AMBIGUITIES,
    enumName: 'Ambiguity',
    description: 'Several contacts of DeskFlow have its e-mail, or its phone number',
  })
  reason!: Ambiguity;

  @ApiProperty({ type: String, nullable: true, example: 'Mara Quill' })
  name!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'mara@example.com' })
  email!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '+14155550142' })
  phone!: string | null;

  @ApiProperty({ type: [CandidateDto], description: 'As they are today' })
  candidates!: CandidateDto[];

  @ApiProperty({ type: String, format: 'date-time', description: 'When HighLevel told of it last' })
  seen_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  resolved_at!: string | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'User who decided' })
  resolved_by!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Contact of DeskFlow that it is' })
  contact_id!: number | null;
}

export class MatchList {
  @ApiProperty()
  meta!: KeysetMeta;

  @ApiProperty({ type: [MatchDto] })
  payload!: MatchDto[];
}

export class MatchAnswer {
  @ApiProperty()
  payload!: MatchDto;
}

@RefuseUnknownKeys()
export class ResolveMatch {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 17,
    description: 'Contact of DeskFlow that it is; null: none of them, but a new one',
  })
  @ValidateIf(({ contact_id }: ResolveMatch) => contact_id !== null)
  @IsInt()
  @Min(1)
  @Max(MOST_ID)
  contact_id!: number | null;
}
