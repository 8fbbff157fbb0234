import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { inWords, IsInstant } from '#libs/http';
import { text } from '#libs/i18n';

const MAX_TEXT = 200;

/** Nothing that PostgreSQL refuses as a text. */
const PRINTABLE = [/^\P{Cc}*$/u, inWords(text('validation.printable'))] as const;

/** What all lists and sets of events can be narrowed by. */
export class EventFilterDto {
  @ApiPropertyOptional({
    maxLength: MAX_TEXT,
    example: 'ContactUpdate',
    description: "HighLevel's name of the event",
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(...PRINTABLE)
  type?: string;

  @ApiPropertyOptional({
    maxLength: MAX_TEXT,
    example: 'contact:Con0InventedPerson01',
    description: 'What it happened to',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(...PRINTABLE)
  entity?: string;

  @ApiPropertyOptional({ maxLength: MAX_TEXT, example: 'Loc0InventedSubacc01' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(...PRINTABLE)
  location_id?: string;

  @ApiPropertyOptional({
    maxLength: MAX_TEXT,
    example: 'cannot_be_applied',
    description: 'Machine code of why it is in its state',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_TEXT)
  @Matches(...PRINTABLE)
  reason?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Came then or later' })
  @IsOptional()
  @IsInstant()
  received_after?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Came before' })
  @IsOptional()
  @IsInstant()
  received_before?: string;
}
