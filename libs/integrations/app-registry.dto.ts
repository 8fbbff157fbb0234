import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { GOHIGHLEVEL_APP_ID } from '#libs/database';

/** The settings of a hook that may be seen; the refresh token is in the same column (DM 0.3). */
export class VisibleSettings {
  @ApiPropertyOptional()
  location_id?: string;

  @ApiPropertyOptional()
  company_id?: string;

  @ApiPropertyOptional()
  scope?: string;

  @ApiPropertyOptional({ description: 'ISO 8601' })
  connected_at?: string;

  @ApiPropertyOptional({ description: 'ISO 8601' })
  expires_at?: string;
}

/** A hook as Chatwoot answers it (DM 3). */
export class AppHook {
  @ApiProperty({ example: 7 })
  id!: number;

  @ApiProperty({ example: GOHIGHLEVEL_APP_ID })
  app_id!: string;

  @ApiProperty({ example: 1 })
  account_id!: number;

  @ApiProperty({ description: 'Whether it is enabled' })
  status!: boolean;

  @ApiProperty({ enum: ['account'] })
  hook_type!: 'account';

  @ApiProperty({ type: Object, nullable: true, description: 'Always null: the hook is the account’s' })
  inbox!: null;

  @ApiProperty({ description: 'Only a new authorization helps' })
  reauthorization_required!: boolean;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'The location; administrators only' })
  reference_id?: string | null;

  @ApiPropertyOptional({ description: 'Administrators only' })
  settings?: VisibleSettings;
}

/** An integration as Chatwoot answers it: what is optional is for administrators only (DM 3). */
export class IntegrationApp {
  @ApiProperty({ example: GOHIGHLEVEL_APP_ID })
  id!: string;

  @ApiProperty({ example: 'GoHighLevel' })
  name!: string;

  @ApiProperty()
  description!: string;

  @ApiProperty({ type: String, nullable: true })
  short_description!: string | null;

  @ApiProperty({ description: 'Whether the account has a hook of it' })
  enabled!: boolean;

  @ApiProperty({ type: [AppHook] })
  hooks!: AppHook[];

  @ApiPropertyOptional({ example: 'gohighlevel.png' })
  logo?: string;

  @ApiPropertyOptional({ example: GOHIGHLEVEL_APP_ID })
  i18n_key?: string;

  @ApiPropertyOptional({ enum: ['account'] })
  hook_type?: 'account';

  @ApiPropertyOptional()
  allow_multiple_hooks?: boolean;

  @ApiPropertyOptional({ type: [String] })
  visible_properties?: string[];

  @ApiPropertyOptional({ description: 'Where the Configure button leads' })
  action?: string;

  @ApiPropertyOptional({ description: 'The same as `action`' })
  button?: string;
}

export class IntegrationApps {
  @ApiProperty({ type: [IntegrationApp] })
  payload!: IntegrationApp[];
}
