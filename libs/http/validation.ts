import { type ArgumentMetadata, type ValidationError, ValidationPipe } from '@nestjs/common';
import { ValidationFailed } from '#libs/errors';

/** Beyond this many complaints nobody reads on. */
const MAX_MESSAGES = 20;

/**
 * Bodies and queries against their DTO, as Rails' strong parameters do it: unknown keys are dropped, not refused.
 * @throws ValidationFailed with Rails' `message` (sentences joined by ", ") and `attributes`
 */
export function validationPipe(): ValidationPipe {
  return new DtoPipe({
    whitelist: true,
    transform: true,
    exceptionFactory: (errors) => {
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
  });
}

interface Complaint {
  attribute: string;
  sentence: string;
}

function complaintsOf(error: ValidationError, parent: string): Complaint[] {
  const attribute = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({
    attribute,
    sentence: railsSentence(error.property, attribute, message),
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
  /** The bytes of a raw body have no properties to validate; looking for them takes as long as parsing. */
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return Buffer.isBuffer(value) ? Promise.resolve(value) : super.transform(value, metadata);
  }

  /** Leaves single parameters alone: as numbers, `1e3` and `0x10` would be ids of records before `PathId` sees them. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}
