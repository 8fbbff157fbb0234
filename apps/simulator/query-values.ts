import { unprocessable } from './api-error.js';

/** A required query parameter or field. @throws ApiError 422 naming each that is missing */
export function requireTexts<Name extends string>(
  values: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Record<Name, string> {
  const missing = names.filter((name) => typeof values[name] !== 'string' || values[name] === '');
  if (missing.length > 0) throw unprocessable(missing.map((name) => `${name} should not be empty`));
  return Object.fromEntries(names.map((name) => [name, values[name]])) as Record<Name, string>;
}

/** `skip` and `limit` come as text (HL 2.7). @throws ApiError 422 */
export function pageOf(
  { skip, limit }: Readonly<Record<string, string | undefined>>,
  defaultLimit: number,
  mostLimit = 100,
): { skip: number; limit: number } {
  const problems: string[] = [];
  const read = (
    name: string,
    text: string | undefined,
    fallback: number,
    least: number,
    most: number,
  ): number => {
    const value = text === undefined || text === '' ? fallback : Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      problems.push(`${name} must be a whole number from ${least} to ${most}`);
    return value;
  };
  const page = {
    skip: read('skip', skip, 0, 0, 1_000_000),
    limit: read('limit', limit, defaultLimit, 1, mostLimit),
  };
  if (problems.length > 0) throw unprocessable(problems);
  return page;
}
