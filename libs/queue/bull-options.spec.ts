import { redisOptions } from './bull-options.js';

describe(redisOptions.name, () => {
  it('assumes the usual port, the first database and no password', () => {
    const options = redisOptions('redis://redis.internal');
    expect(options).toMatchObject({ host: 'redis.internal', port: 6379, db: 0 });
    expect(options).not.toHaveProperty('tls');
    expect(options).not.toHaveProperty('username');
    expect(options).not.toHaveProperty('password');
  });

  it('reads everything an address can hold, percent-encoded characters too', () => {
    expect(redisOptions('rediss://queue%40eu:p%2Fs%40%3Aword@redis.internal:6380/3')).toMatchObject({
      host: 'redis.internal',
      port: 6380,
      db: 3,
      username: 'queue@eu',
      password: 'p/s@:word',
      tls: {},
    });
  });

  it('takes an IPv6 address out of its brackets', () => {
    expect(redisOptions('redis://[::1]:6379')).toMatchObject({ host: '::1', port: 6379 });
  });

  it('waits longer for every further reconnection, two seconds at most', () => {
    const { retryStrategy } = redisOptions('redis://127.0.0.1');
    expect([1, 5, 20, 1_000].map((attempt) => retryStrategy?.(attempt))).toEqual([100, 500, 2_000, 2_000]);
  });
});
