import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { type Role } from '#libs/auth';

/** A context of HighLevel's has about 400 characters. */
const MAX_PAYLOAD_LENGTH = 8_192;

export class SsoSignOnDto {
  @ApiProperty({
    maxLength: MAX_PAYLOAD_LENGTH,
    description: "`payload` of HighLevel's `REQUEST_USER_DATA_RESPONSE`; works once",
    example: 'U2FsdGVkX18BAgMEBQYHCA…',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_PAYLOAD_LENGTH)
  payload!: string;
}

export class SsoAccount {
  @ApiProperty({ type: 'integer', example: 1 })
  id!: number;

  @ApiProperty({ example: 'Acme' })
  name!: string;

  @ApiProperty({
    enum: ['agent', 'administrator'],
    description:
      'The role in DeskFlow, and no more than the account grants to people who sign on from HighLevel',
  })
  role!: Role;
}

export class SsoSession {
  @ApiProperty({
    description:
      'For `Authorization: Bearer`; opens this account only, and ends when it gives up the location',
  })
  session_token!: string;

  @ApiProperty({ type: 'integer', example: 3600, description: 'Seconds' })
  expires_in!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  id!: number;

  @ApiProperty({ example: 'Ada Admin' })
  name!: string;

  @ApiProperty({ example: 'admin@example.com' })
  email!: string;

  @ApiProperty()
  account!: SsoAccount;

  @ApiProperty({ example: 'Loc0InventedSubacc01' })
  location_id!: string;
}

export class SsoAnswer {
  @ApiProperty()
  data!: SsoSession;
}
