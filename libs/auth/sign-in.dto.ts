import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { type Role } from './caller.js';

/** Devise's upper limit of a password. */
const MAX_PASSWORD_LENGTH = 128;

export class SignInDto {
  @ApiProperty({ format: 'email', maxLength: 255, example: 'admin@example.com' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  email!: string;

  @ApiProperty({ format: 'password', maxLength: MAX_PASSWORD_LENGTH, example: 'Password1!' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_PASSWORD_LENGTH)
  password!: string;
}

export class SignedInAccount {
  @ApiProperty({ type: 'integer', example: 1 })
  id!: number;

  @ApiProperty({ example: 'Acme' })
  name!: string;

  @ApiProperty({ enum: ['active', 'suspended'] })
  status!: 'active' | 'suspended';

  @ApiProperty({ enum: ['agent', 'administrator'] })
  role!: Role;
}

export class SignedInUser {
  @ApiProperty({ type: 'integer', example: 1 })
  id!: number;

  @ApiProperty({ example: 'admin@example.com' })
  uid!: string;

  @ApiProperty({ example: 'email' })
  provider!: string;

  @ApiProperty({ type: String, nullable: true, example: 'admin@example.com' })
  email!: string | null;

  @ApiProperty({ example: 'Ada Admin' })
  name!: string;

  @ApiProperty({ type: String, nullable: true })
  display_name!: string | null;

  @ApiProperty({ type: String, nullable: true, description: '`SuperAdmin` or null' })
  type!: string | null;

  @ApiProperty({ type: String, nullable: true, description: "Key of DeskFlow's websocket" })
  pubsub_token!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Personal token, for the header `api_access_token`',
  })
  access_token!: string | null;

  @ApiProperty({
    description: 'Session token of this service, for `Authorization: Bearer`; holds for 12 hours',
  })
  session_token!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'The account used last', example: 1 })
  account_id!: number | null;

  @ApiProperty({
    enum: ['agent', 'administrator', null],
    nullable: true,
    description: 'The role in that account',
  })
  role!: Role | null;

  @ApiProperty({ type: [SignedInAccount] })
  accounts!: SignedInAccount[];
}

export class SignInAnswer {
  @ApiProperty({ type: SignedInUser })
  data!: SignedInUser;
}
