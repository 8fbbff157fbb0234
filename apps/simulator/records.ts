import { type Json } from './model.js';

/** The record without some of its keys. */
export function omit<T extends object, K extends keyof T>(record: T, keys: readonly K[]): Omit<T, K> {
  const left: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(record).filter(([key]) => !(keys as readonly string[]).includes(key)),
  );
  return left as Omit<T, K>;
}

/** Keys without a value are no keys: what is not there is left out of answers and events (HL 4.7). */
export function withoutUndefined(record: Json): Json {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** Whether it is a JSON object. */
export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
