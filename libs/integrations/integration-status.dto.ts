import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { CONNECTION_STATES, type ConnectionState } from '#libs/database';

const TIME = { type: String, format: 'date-time', nullable: true } as const;
const TEXT = { type: String, nullable: true } as const;

/** One location of the account. Times are ISO 8601, UTC. */
export class ConnectionStatus {
  @ApiProperty({ description: 'Whether the account holds this location and the app is installed there' })
  connected!: boolean;

  @ApiProperty({ ...TEXT, example: 'Loc0InventedSubacc01' })
  location_id!: string | null;

  @ApiProperty({ ...TEXT, example: 'Northwind Dental' })
  location_name!: string | null;

  @ApiProperty({ ...TEXT, example: 'America/Chicago' })
  timezone!: string | null;

  @ApiProperty({ ...TEXT, example: 'US' })
  country!: string | null;

  @ApiProperty({ ...TEXT, description: 'The agency the location belongs to' })
  company_id!: string | null;

  @ApiProperty({ ...TEXT, description: "HighLevel's id of who installed the app" })
  user_id!: string | null;

  @ApiProperty({ ...TIME, description: 'When the access token ends; it is renewed before' })
  expires_at!: string | null;

  @ApiProperty(TIME)
  connected_at!: string | null;

  @ApiProperty(TIME)
  last_refreshed_at!: string | null;

  @ApiProperty({
    description: 'Granted scopes, separated by spaces',
    example: 'contacts.readonly contacts.write',
  })
  scope!: string;

  @ApiProperty({ type: [String], example: ['contacts.readonly', 'contacts.write'] })
  scopes!: string[];

  @ApiProperty({ type: [String], description: 'Asked for and not granted: what needs them rests' })
  missing_scopes!: string[];

  @ApiProperty({ enum: CONNECTION_STATES, enumName: 'ConnectionState' })
  state!: ConnectionState;

  @ApiProperty({ ...TEXT, description: 'Machine code of what is wrong', example: 'refresh_token_refused' })
  reason!: string | null;

  @ApiProperty({ ...TEXT, description: 'The same in words', example: 'HighLevel does not answer' })
  last_error!: string | null;

  @ApiProperty({ ...TIME, description: 'Since when it is in this state' })
  since!: string | null;

  @ApiProperty({ description: 'Failed refreshes in a row', example: 0 })
  consecutive_failures!: number;

  @ApiProperty({ ...TIME, description: 'Before this nothing is tried again by itself' })
  next_attempt_at!: string | null;

  @ApiProperty({ description: 'Only a new authorization helps' })
  reauthorization_required!: boolean;

  @ApiProperty({ description: 'Whether the tokens of this location are encrypted at rest' })
  encrypted!: boolean;
}

/** The fields of a connection are those of the first connected location; absent where there is none. */
export class IntegrationStatus extends PartialType(OmitType(ConnectionStatus, ['connected'])) {
  @ApiProperty()
  connected!: boolean;

  @ApiProperty({ description: "Whether this installation has HighLevel's client credentials" })
  configured!: boolean;

  @ApiProperty({ type: [ConnectionStatus] })
  connections!: ConnectionStatus[];
}
