import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';

/** Which of an account's locations is meant. */
export class LocationSelection {
  @ApiPropertyOptional({
    description: 'Needed only where the account holds several locations',
    pattern: '^[\\w-]{1,100}$',
    example: 'Loc0InventedSubacc01',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[\w-]{1,100}$/)
  location_id?: string;
}
