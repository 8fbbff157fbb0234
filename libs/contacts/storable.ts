import { type JsonRecord, type JsonValue } from './json.js';

/** Rails refuses longer values in every varchar column of DeskFlow and can then no longer save the row (DM 0.1). */
const VARCHAR_CODE_POINTS = 255;

/** Deeper JSON is dropped: nothing shows it, and serialising it recurses once a level. */
const MAX_DEPTH = 20;

/** `text` as PostgreSQL can keep it: `text` and `jsonb` refuse U+0000, `jsonb` refuses half a surrogate pair. */
export function storableText(text: string): string {
  if (text.isWellFormed() && !text.includes('\u0000')) return text;
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** Cut to what a varchar column of DeskFlow takes, never inside a character. */
export function clipText(text: string): string {
  if (text.length <= VARCHAR_CODE_POINTS) return text; // code units are never fewer than code points
  return Array.from(text).slice(0, VARCHAR_CODE_POINTS).join('');
}

/** Whether a varchar column of DeskFlow takes the text whole. */
export function fitsColumn(text: string): boolean {
  return clipText(text) === text;
}

/** `value` as a jsonb column can keep it; undefined for what JSON has no form for. */
export function storableJson(value: unknown, depth = 0): JsonValue | undefined {
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || depth === MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depth + 1) ?? null);
  return storableRecord(value, depth);
}

/** An attribute object as DeskFlow stores it: `{}` for nothing (DM 2). */
export function storableRecord(record: object | null | undefined, depth = 0): JsonRecord {
  const kept: Record<string, JsonValue> = {};
  const given = (record ?? {}) as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) {
    const storable = storableJson(given[key], depth + 1);
    if (storable !== undefined) setOwn(kept, storableText(key), storable);
  }
  return kept;
}

/** To assign to `__proto__` would give the object another prototype, and not a key. */
function setOwn(record: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__')
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
  else record[key] = value;
}
