import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Matches, MaxLength } from 'class-validator';
import { GLOBAL_CONFIG_NAMES, type GlobalConfigName, type GlobalConfigState } from '#libs/config';
import { inWords } from '#libs/http';
import { text } from '#libs/i18n';

/** Longer than any credential of HighLevel. */
const MAX_VALUE_LENGTH = 4_096;

export class InstallationConfigDto implements GlobalConfigState {
  @ApiProperty({ enum: GLOBAL_CONFIG_NAMES })
  name!: GlobalConfigName;

  @ApiProperty({ description: 'A secret is never shown again' })
  secret!: boolean;

  @ApiProperty({ description: 'Whether there is a value at all' })
  set!: boolean;

  @ApiProperty({
    enum: ['database', 'environment', 'none'],
    description: 'Where the value in effect comes from',
  })
  source!: 'database' | 'environment' | 'none';

  @ApiPropertyOptional({ description: 'Absent for secrets and for what is not set' })
  value?: string;
}

export class InstallationConfigList {
  @ApiProperty({ type: [InstallationConfigDto] })
  payload!: InstallationConfigDto[];
}

export class WriteInstallationConfigDto {
  @ApiProperty({
    maxLength: MAX_VALUE_LENGTH,
    description: 'Blank removes the value: the environment applies again',
  })
  @IsString()
  @MaxLength(MAX_VALUE_LENGTH)
  @Matches(/^\P{Cc}*$/u, inWords(text('validation.printable')))
  value!: string;
}
