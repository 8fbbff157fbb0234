import { parseTime, readHookSettings } from './hook-settings.js';

describe('parseTime', () => {
  it.each<[unknown, string]>([
    ['2026-03-05T10:00:00Z', '2026-03-05T10:00:00.000Z'],
    ['2026-03-05T10:00:00.123456Z', '2026-03-05T10:00:00.123Z'],
    ['2026-03-05T12:00:00+02:00', '2026-03-05T10:00:00.000Z'],
    ['2026-03-05T10:00:00', '2026-03-05T10:00:00.000Z'],
    ['2026-03-05 10:00:00 UTC', '2026-03-05T10:00:00.000Z'],
    ['2026-03-05 12:00:00 +0200', '2026-03-05T10:00:00.000Z'],
    [1772704800, '2026-03-05T10:00:00.000Z'],
    ['1772704800', '2026-03-05T10:00:00.000Z'],
    [1772704800000, '2026-03-05T10:00:00.000Z'],
    [1772704800.5, '2026-03-05T10:00:00.500Z'],
  ])('reads %p', (value, iso) => {
    expect(parseTime(value)?.toISOString()).toBe(iso);
  });

  it.each([
    undefined,
    null,
    '',
    'soon',
    'NaN',
    -1,
    0,
    Infinity,
    '2026-13-45T10:00:00Z',
    '2026-03-05',
    true,
    {},
  ])('does not take %p for a time', (value) => {
    expect(parseTime(value)).toBeUndefined();
  });
});

describe('readHookSettings', () => {
  it('keeps known keys of the expected type only', () => {
    const stored = {
      location_id: 'Loc1',
      scope: 7,
      expires_at: 1772704800,
      foreign: 'kept in the row, not here',
    };
    expect(readHookSettings(stored)).toEqual({ location_id: 'Loc1', expires_at: 1772704800 });
  });

  it.each([null, undefined, 'text', 7])('takes %p for empty settings', (stored) => {
    expect(readHookSettings(stored)).toEqual({});
  });
});
