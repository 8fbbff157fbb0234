import { backoffMs } from './backoff.js';

describe(backoffMs.name, () => {
  it('doubles up to an hour', () => {
    expect([1, 2, 3, 30].map((attempts) => backoffMs(attempts, () => 1))).toEqual([
      1000, 2000, 4000, 3_600_000,
    ]);
    expect(backoffMs(1, () => 0)).toBe(500);
  });
});
