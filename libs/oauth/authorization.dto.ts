import { ApiProperty } from '@nestjs/swagger';

export class AuthorizationAnswer {
  @ApiProperty({ enum: [true] })
  success!: true;

  @ApiProperty({
    description:
      "HighLevel's page where the user chooses a location; the state in it works once, for 15 minutes",
    format: 'uri',
    example:
      'https://marketplace.gohighlevel.com/v2/oauth/chooselocation?response_type=code&client_id=66f1c0ffee-app',
  })
  url!: string;
}
