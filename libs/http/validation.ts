import { type ArgumentMetadata, type ValidationError, ValidationPipe } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';
import { complaintsOf } from './validation-words.js';

/** Beyond this many complaints nobody reads on. */
const MAX_MESSAGES = 20;

const STRICT_DTOS = new WeakSet<object>();

/** On a DTO of which no unknown key is dropped but refused: a misspelled one would widen what the call does. */
export const RefuseUnknownKeys = (): ClassDecorator => (dto) => {
  STRICT_DTOS.add(dto);
};

/**
 * Bodies and queries against their DTO, as Rails' strong parameters do it: unknown keys are dropped, not refused.
 * @throws ValidationFailed with Rails' `message` (sentences joined by ", ") and `attributes`
 */
export function validationPipe(): ValidationPipe {
  return new DtoPipe(OPTIONS);
}

const OPTIONS = {
  whitelist: true,
  transform: true,
  // Its class knows the words of each rule.
  validationError: { target: true },
  exceptionFactory: (errors: ValidationError[]): ValidationFailed => {
    const complaints = errors.flatMap((error) => complaintsOf(error));
    return new ValidationFailed(
      complaints.slice(0, MAX_MESSAGES).map(({ sentence }) => sentence),
      [...new Set(complaints.map(({ attribute }) => attribute))].slice(0, MAX_MESSAGES),
    );
  },
};

class DtoPipe extends ValidationPipe {
  private readonly strict = new ValidationPipe({ ...OPTIONS, forbidNonWhitelisted: true });

  /** The bytes of a raw body have no properties to validate; looking for them takes as long as parsing. */
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (Buffer.isBuffer(value)) return Promise.resolve(value);
    const { metatype } = metadata;
    if (metatype && STRICT_DTOS.has(metatype)) return this.strict.transform(value, metadata);
    return super.transform(value, metadata);
  }

  /** Leaves single parameters alone: as numbers, `1e3` and `0x10` would be ids of records before `PathId` sees them. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}
