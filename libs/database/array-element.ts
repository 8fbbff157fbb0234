/** An object that is no date is JSON. */
export type ArrayValue = string | number | boolean | object | null | undefined;

const ESCAPED = /["\\]/;

/**
 * A value as an element of PostgreSQL's array literals
 * (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO). For statements with thousands of them: the driver
 * makes the same of an array, and takes three times as long for JSON.
 */
export function arrayElement(value: ArrayValue): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Date) return `"${value.toISOString()}"`;
  // JSON has no characters that JSON would escape and PostgreSQL would not: what is escaped twice is quoted as here.
  if (typeof value === 'object') return JSON.stringify(JSON.stringify(value));
  if (typeof value !== 'string') return String(value);
  return ESCAPED.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : `"${value}"`;
}

export function arrayOf(values: readonly ArrayValue[]): string {
  return `{${values.map(arrayElement).join()}}`;
}
