import { unprocessable } from './api-error.js';
import { isRecord } from './records.js';
import { fullName } from './contact-views.js';
import { type Contact } from './model.js';

export type ContactTest = (contact: Contact) => boolean;

interface FilterField {
  operators: readonly string[];
  value: (contact: Contact) => unknown;
}

const TEXT = ['eq', 'not_eq', 'contains', 'not_contains', 'exists', 'not_exists'];
const EXACT = ['eq', 'not_eq', 'exists', 'not_exists'];
const DATE = ['range', 'exists', 'not_exists'];
const ANY = [...TEXT, 'range'];

const none = (): unknown => undefined;

/** Fields a search may filter by, the operators each takes, and where its value is found (HL 5.2). */
const FIELDS: Readonly<Record<string, FilterField>> = {
  id: { operators: ['eq', 'not_eq'], value: ({ id }) => id },
  contactName: { operators: TEXT, value: fullName },
  email: { operators: TEXT, value: ({ email }) => email },
  firstNameLowerCase: { operators: TEXT, value: ({ firstName }) => firstName },
  lastNameLowerCase: { operators: TEXT, value: ({ lastName }) => lastName },
  companyName: { operators: TEXT, value: ({ companyName }) => companyName },
  businessName: { operators: TEXT, value: ({ companyName }) => companyName },
  address: { operators: TEXT, value: ({ address1 }) => address1 },
  city: { operators: TEXT, value: ({ city }) => city },
  state: { operators: TEXT, value: ({ state }) => state },
  postalCode: { operators: TEXT, value: ({ postalCode }) => postalCode },
  source: { operators: TEXT, value: ({ source }) => source },
  tags: { operators: TEXT, value: ({ tags }) => tags },
  phone: { operators: TEXT, value: ({ phone }) => phone },
  country: { operators: EXACT, value: ({ country }) => country },
  timezone: { operators: EXACT, value: ({ timezone }) => timezone },
  type: { operators: EXACT, value: () => 'lead' },
  assignedTo: { operators: EXACT, value: ({ assignedTo }) => assignedTo },
  website: { operators: EXACT, value: ({ website }) => website },
  dnd: { operators: EXACT, value: ({ dnd }) => dnd },
  validEmail: { operators: EXACT, value: ({ email }) => (email === undefined ? undefined : true) },
  dateAdded: { operators: DATE, value: ({ dateAdded }) => dateAdded },
  dateUpdated: { operators: DATE, value: ({ dateUpdated }) => dateUpdated },
  dateOfBirth: { operators: DATE, value: ({ dateOfBirth }) => dateOfBirth },
  // The simulator's contacts have none of these.
  followers: { operators: EXACT, value: none },
  isValidWhatsapp: { operators: EXACT, value: none },
  activeWorkflows: { operators: EXACT, value: none },
  finishedWorkflows: { operators: EXACT, value: none },
  lastAppointment: { operators: DATE, value: none },
  lastEmailClickedDate: { operators: DATE, value: none },
  lastEmailOpenedDate: { operators: DATE, value: none },
};

const DEEPEST_GROUP = 5;
const MOST_FILTERS = 100;
/** HL 5.2. */
const LONGEST_VALUE = 75;
const CUSTOM_FIELD = 'customFields.';

/** Filters of a search as one test; the list's are joined by AND. @throws ApiError 422 */
export function readFilters(filters: unknown): ContactTest {
  if (filters === undefined) return () => true;
  return new FilterReader().group('AND', filters, 0);
}

class FilterReader {
  private count = 0;

  group(join: unknown, filters: unknown, depth: number): ContactTest {
    if (!Array.isArray(filters)) throw unprocessable(['filters must be an array']);
    if (join !== 'AND' && join !== 'OR')
      throw unprocessable(['group must be one of the following values: AND, OR']);
    if (depth > DEEPEST_GROUP)
      throw unprocessable([`filters must not be nested deeper than ${DEEPEST_GROUP} levels`]);
    const tests = filters.map((filter: unknown) => this.filter(filter, depth));
    return join === 'AND'
      ? (contact) => tests.every((test) => test(contact))
      : (contact) => tests.some((test) => test(contact));
  }

  private filter(filter: unknown, depth: number): ContactTest {
    this.count += 1;
    if (this.count > MOST_FILTERS) throw unprocessable([`at most ${MOST_FILTERS} filters`]);
    if (!isRecord(filter)) throw unprocessable(['each value in filters must be an object']);
    if ('group' in filter) return this.group(filter['group'], filter['filters'], depth + 1);
    const { field, operator, value } = filter;
    const { operators, value: valueOf } = fieldNamed(field);
    if (typeof operator !== 'string' || !operators.includes(operator))
      throw unprocessable([
        `Invalid operator for field ${String(field)}: use one of ${operators.join(', ')}`,
      ]);
    if (typeof value === 'string' && value.length > LONGEST_VALUE)
      throw unprocessable([`value must be shorter than or equal to ${LONGEST_VALUE} characters`]);
    const holds = comparison(operator, value);
    return (contact) => holds(valueOf(contact));
  }
}

function fieldNamed(field: unknown): FilterField {
  if (typeof field === 'string' && field.startsWith(CUSTOM_FIELD)) {
    const id = field.slice(CUSTOM_FIELD.length);
    return {
      operators: ANY,
      value: ({ customFields }) => customFields.find((custom) => custom.id === id)?.value,
    };
  }
  const known = typeof field === 'string' && Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (!known) throw unprocessable([`Invalid field name: ${String(field)}`]);
  return known;
}

function comparison(operator: string, value: unknown): (found: unknown) => boolean {
  switch (operator) {
    case 'exists':
      return exists;
    case 'not_exists':
      return (found) => !exists(found);
    case 'contains':
      return (found) => listOf(found).some((text) => text.includes(fold(value)));
    case 'not_contains':
      return (found) => !listOf(found).some((text) => text.includes(fold(value)));
    case 'not_eq':
      return (found) => !listOf(found).includes(fold(value));
    case 'range':
      return rangeOf(value);
    default:
      return (found) => listOf(found).includes(fold(value));
  }
}

/** Bounds as ISO 8601 or epoch milliseconds: which one production takes is not known (HL 11). */
function rangeOf(range: unknown): (found: unknown) => boolean {
  const entries = Object.entries(isRecord(range) ? range : {}).map(
    ([bound, limit]) => [bound, numberOf(limit)] as const,
  );
  const bounds = ['gt', 'gte', 'lt', 'lte'];
  if (
    entries.length === 0 ||
    entries.some(([bound, limit]) => !bounds.includes(bound) || Number.isNaN(limit))
  )
    throw unprocessable(['value of a range must hold gt, gte, lt or lte as a date or number']);
  return (found) => {
    const value = numberOf(found);
    return entries.every(([bound, limit]) => {
      if (bound === 'gt') return value > limit;
      if (bound === 'gte') return value >= limit;
      return bound === 'lt' ? value < limit : value <= limit;
    });
  };
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Date.parse(value) : NaN;
}

function exists(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function listOf(value: unknown): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(fold);
}

function fold(value: unknown): string {
  return String(value).toLowerCase();
}
