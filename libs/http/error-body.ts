import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode, type ErrorFields } from '#libs/errors';

/** The body of every answer that is no success. */
export class ErrorBody {
  @ApiProperty({
    description: 'What happened, as a sentence in the language of the user, else of the account.',
    example: 'Resource could not be found',
  })
  error!: string;

  @ApiProperty({ enum: ERROR_CODES })
  code!: ErrorCode;

  @ApiPropertyOptional({
    description: 'With `unauthenticated`: the sentence as devise_token_auth answers it.',
    type: [String],
  })
  errors?: readonly string[];

  @ApiPropertyOptional({ description: 'With `validation_failed`: every complaint, joined by ", ".' })
  message?: string;

  @ApiPropertyOptional({
    description: 'With `validation_failed`: the names of the refused attributes.',
    type: [String],
  })
  attributes?: readonly string[];

  @ApiPropertyOptional({ description: 'Facts about the error.', type: 'object', additionalProperties: true })
  details?: ErrorFields;

  @ApiPropertyOptional({ description: 'With `internal_error`: what to look for in the logs.' })
  request_id?: string;
}
