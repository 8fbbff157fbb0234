import { pauseAfterRefusal, readRateLimit } from './rate-limit.js';

const NOW = Date.parse('2026-11-18T09:00:00Z');
const HOUR = 60 * 60 * 1000;

describe(readRateLimit.name, () => {
  it('reads the five headers of HighLevel', () => {
    const headers = {
      'x-ratelimit-limit-daily': '200000',
      'x-ratelimit-daily-remaining': '199999',
      'x-ratelimit-interval-milliseconds': '10000',
      'x-ratelimit-max': '100',
      'x-ratelimit-remaining': '0',
    };
    expect(readRateLimit(headers)).toEqual({
      limit: 100,
      remaining: 0,
      intervalMs: 10_000,
      dailyLimit: 200_000,
      dailyRemaining: 199_999,
    });
  });

  it.each(['', 'many', '-1', 'NaN', 'Infinity'])('learns nothing from %p', (value) => {
    const headers = { 'x-ratelimit-max': value, 'x-ratelimit-remaining': value };
    expect(readRateLimit(headers)).toEqual({});
  });

  it('does not believe in a budget of nothing per nothing, which would stop all work for good', () => {
    const headers = { 'x-ratelimit-max': '0', 'x-ratelimit-interval-milliseconds': '0' };
    expect(readRateLimit(headers)).toEqual({});
  });
});

describe(pauseAfterRefusal.name, () => {
  it.each<[string, Record<string, string>, number]>([
    ['Retry-After in seconds', { 'retry-after': '7' }, 7000],
    ['Retry-After of nothing', { 'retry-after': '0' }, 0],
    ['Retry-After as a date', { 'retry-after': 'Wed, 18 Nov 2026 09:00:30 GMT' }, 30_000],
    ['Retry-After in the past', { 'retry-after': 'Wed, 18 Nov 2026 08:00:00 GMT' }, 0],
    ['Retry-After of a year', { 'retry-after': '31536000' }, 24 * HOUR],
    ['Retry-After before the window', { 'retry-after': '2', 'x-ratelimit-remaining': '0' }, 2000],
    ['unreadable Retry-After', { 'retry-after': 'soon' }, 10_500],
    ['a window used up', { 'x-ratelimit-remaining': '0', 'x-ratelimit-interval-milliseconds': '3000' }, 3500],
    ['window and day used up', { 'x-ratelimit-remaining': '0', 'x-ratelimit-daily-remaining': '0' }, 10_500],
    ['the day used up', { 'x-ratelimit-remaining': '40', 'x-ratelimit-daily-remaining': '0' }, HOUR],
    ['no header at all', {}, 10_500],
  ])('waits as told by %s', (_name, headers, expected) => {
    expect(pauseAfterRefusal(headers, NOW, () => 0.5)).toBe(expected);
  });
});
