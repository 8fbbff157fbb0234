import { clipText, storableJson, storableRecord, storableText } from './storable.js';

describe('what PostgreSQL and Rails can store', () => {
  it.each([
    ['a\u0000b', 'ab'],
    ['half \ud83d pair', 'half \ufffd pair'],
    ['\udc00', '\ufffd'],
    ['whole 🔥 pair', 'whole 🔥 pair'],
    ['مرحبا', 'مرحبا'],
  ])('makes %j to %j', (text, stored) => {
    expect(storableText(text)).toBe(stored);
  });

  it('clips to 255 characters as Rails counts them, never through a pair', () => {
    expect(clipText('🔥'.repeat(300))).toBe('🔥'.repeat(255));
    expect(clipText('a'.repeat(255))).toBe('a'.repeat(255));
  });

  it('cleans JSON in values and keys and drops what JSON has no form for', () => {
    const value = {
      'k\u0000': ['\u0000x', { deep: '\ud800' }],
      never: undefined,
      not: Number.NaN,
      at: () => 1,
    };
    expect(storableJson(value)).toEqual({ k: ['x', { deep: '\ufffd' }] });
  });

  it('keeps a key that would be a prototype', () => {
    const record = JSON.parse('{"__proto__": {"x": 1}, "a": 2}') as object;
    const stored = storableRecord(record);
    expect(JSON.stringify(stored)).toBe('{"__proto__":{"x":1},"a":2}');
    expect(Object.getPrototypeOf(stored)).toBe(Object.prototype);
  });

  it('drops what is nested deeper than anything shows, so that serialising cannot run out of stack', () => {
    let value: unknown = 'bottom';
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(JSON.stringify(storableJson(value)).length).toBeLessThan(100);
  });

  it('makes nothing an empty object', () => {
    expect(storableRecord(null)).toEqual({});
    expect(storableRecord(undefined)).toEqual({});
  });
});
