import { retryDelayMs } from './retry-schedule.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

describe('retryDelayMs', () => {
  it.each([
    [1, 30 * SECOND],
    [2, 60 * SECOND],
    [3, 120 * SECOND],
    [7, 1_920 * SECOND],
    [8, HOUR],
    [1_000, HOUR],
  ])('after %i failures in a row waits half to all of %i ms', (failures, full) => {
    expect(retryDelayMs(failures, undefined, 0)).toBe(full / 2);
    expect(retryDelayMs(failures, undefined, 0.5)).toBe(0.75 * full);
    expect(retryDelayMs(failures, undefined, 0.999)).toBeLessThan(full);
  });

  it('waits as long as HighLevel asks, but never for more than a day', () => {
    expect(retryDelayMs(1, 2 * HOUR, 0)).toBe(2 * HOUR);
    expect(retryDelayMs(1, 5 * SECOND, 0)).toBe(15 * SECOND);
    expect(retryDelayMs(1, 1_000 * HOUR, 0)).toBe(24 * HOUR);
  });
});
