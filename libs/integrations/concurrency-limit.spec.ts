import { setImmediate as turn } from 'node:timers/promises';
import { ConcurrencyLimit } from './concurrency-limit.js';

describe('ConcurrencyLimit', () => {
  it('runs so many at a time, and the others in the order in which they came', async () => {
    const limit = new ConcurrencyLimit(2);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const task = async (id: number): Promise<number> => {
      started.push(id);
      most = Math.max(most, (running += 1));
      await turn();
      running -= 1;
      return id;
    };
    const ids = [1, 2, 3, 4, 5, 6];
    expect(await Promise.all(ids.map((id) => limit.run(() => task(id))))).toEqual(ids);
    expect(started).toEqual(ids);
    expect(most).toBe(2);
  });

  it('gives the place of a task that failed to the next', async () => {
    const limit = new ConcurrencyLimit(1);
    const failed = limit.run(() => Promise.reject(new Error('no')));
    const next = limit.run(() => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
