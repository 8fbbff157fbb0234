import { type ArgumentMetadata, type ValidationError, ValidationPipe } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';

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
  exceptionFactory: (errors: ValidationError[]): ValidationFailed => {
    const complaints = errors.flatMap((error) => complaintsOf(error, ''));
    const message = complaints
      .slice(0, MAX_MESSAGES)
      .map(({ sentence }) => sentence)
      .join(', ');
    return new ValidationFailed(
      message,
      [...new Set(complaints.map(({ attribute }) => attribute))].slice(0, MAX_MESSAGES),
    );
  },
};

interface Complaint {
  attribute: string;
  sentence: string;
}

function complaintsOf(error: ValidationError, parent: string): Complaint[] {
  const attribute = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    attribute,
    sentence: railsSentence(
      error.property,
      attribute,
      rule === 'whitelistValidation' ? 'is not known' : message,
    ),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => complaintsOf(child, attribute))];
}

/** `phone_number must be a string` → `Phone number must be a string`; a message of its own gets the name in front. */
function railsSentence(property: string, attribute: string, message: string): string {
  const rest = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  const words = attribute.replaceAll(/[_.]+/g, ' ').trim();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} ${rest}`;
}

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
