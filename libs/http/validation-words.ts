import { type ValidationError } from '@nestjs/common';
import { getMetadataStorage, type ValidationOptions } from 'class-validator';
import { complaint, type Filling, nameOfAttribute, say, text, type Text } from '#libs/i18n';

/** What is wrong with an attribute. */
export interface Complaint {
  /** Its path. */
  readonly attribute: string;
  readonly sentence: Text;
}

/** What a rule on a DTO complains with, where its own words are not good enough: `@Matches(ID, inWords(text(…)))`. */
export function inWords(words: Text): ValidationOptions {
  // Without a message class-validator forgets the context of a rule that is not its own.
  return { message: say('en', words), context: { words } };
}

/** Everything that is wrong, also inside of others. The errors must name their target. */
export function complaintsOf(error: ValidationError, parent?: Place): Complaint[] {
  const place = inside(parent, error.property);
  const own = Object.keys(error.constraints ?? {}).map((rule) => ({
    attribute: place.path,
    sentence: complaint(wordsOf(rule, error), place.name),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => complaintsOf(child, place))];
}

interface Place {
  readonly path: string;
  readonly name: Filling;
}

function inside(parent: Place | undefined, property: string): Place {
  const attribute = nameOfAttribute(property);
  if (!parent) return { path: property, name: attribute };
  return {
    path: `${parent.path}.${property}`,
    name: text('validation.inside', { parent: parent.name, attribute }),
  };
}

function wordsOf(rule: string, error: ValidationError): Text {
  const { words } = (error.contexts?.[rule] ?? {}) as { words?: Text };
  if (words) return words;
  const { constraints = [], each = false } = declarationOf(rule, error) ?? {};
  const said = RULES[rule]?.(constraints, error.value) ?? text('validation.invalid');
  return each ? text('validation.each', { complaint: said }) : said;
}

interface Declaration {
  readonly constraints?: readonly unknown[] | undefined;
  readonly each: boolean;
}

/** The errors of class-validator do not tell the limits that were exceeded; its decorators do. */
function declarationOf(rule: string, { target, property }: ValidationError): Declaration | undefined {
  if (!target) return undefined;
  return getMetadataStorage()
    .getTargetValidationMetadatas(target.constructor, '', false, false)
    .find(({ propertyName, name }) => propertyName === property && name === rule);
}

/** Rules of class-validator by their names. */
const RULES: Readonly<Record<string, (constraints: readonly unknown[], value: unknown) => Text>> = {
  arrayMaxSize: ([max]) => text('validation.array_max_size', { max: shown(max) }),
  arrayMinSize: ([min]) => text('validation.array_min_size', { min: shown(min) }),
  arrayUnique: () => text('validation.array_unique'),
  isArray: () => text('validation.is_array'),
  isBoolean: () => text('validation.is_boolean'),
  isIn: ([values]) => text('validation.is_in', { values: shown(values) }),
  isInt: () => text('validation.is_int'),
  isLength: ([min, max], value) => lengthWords(shown(min), shown(max), value),
  isNotEmpty: () => text('validation.is_not_empty'),
  isObject: () => text('validation.is_object'),
  isString: () => text('validation.is_string'),
  matches: ([pattern]) => text('validation.matches', { pattern: shown(pattern) }),
  max: ([max]) => text('validation.max', { max: shown(max) }),
  maxLength: ([max]) => text('validation.max_length', { max: shown(max) }),
  min: ([min]) => text('validation.min', { min: shown(min) }),
  nestedValidation: () => text('validation.is_object'),
  whitelistValidation: () => text('validation.unknown'),
};

function lengthWords(min: string, max: string, value: unknown): Text {
  const length = value ? (value as { length?: unknown }).length : 0;
  if (typeof length === 'number' && length < Number(min)) return text('validation.min_length', { min });
  if (typeof length === 'number' && length > Number(max)) return text('validation.max_length', { max });
  return text('validation.length', { min, max });
}

function shown(constraint: unknown): string {
  return Array.isArray(constraint) ? constraint.join(', ') : String(constraint);
}
