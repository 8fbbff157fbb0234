import { setImmediate } from 'node:timers/promises';
import { type Cursor, PagesAhead } from './pages-ahead.js';

interface Page {
  readonly name: string;
  readonly next: Cursor | undefined;
}

const page = (n: number, last: number): Page => ({
  name: `page ${n}`,
  next: n < last ? [n + 1] : undefined,
});

describe(PagesAhead.name, () => {
  it('gives every page in its order, and nothing after the last one', async () => {
    const pages = new PagesAhead((cursor) => Promise.resolve(page(Number(cursor?.[0] ?? 1), 3)), null);
    const taken = [await pages.take(), await pages.take(), await pages.take(), await pages.take()];
    expect(taken.map((one) => one?.name)).toEqual(['page 1', 'page 2', 'page 3', undefined]);
    expect(await pages.take()).toBeUndefined();
  });

  it('fetches the next one while a page that was taken is dealt with, and none after that', async () => {
    const fetched: Cursor[] = [];
    const pages = new PagesAhead((cursor) => {
      fetched.push(cursor);
      return Promise.resolve(page(fetched.length, 9));
    }, null);
    await pages.take();
    await setImmediate();
    expect(fetched).toEqual([null, [2]]);
    await pages.take();
    await setImmediate();
    expect(fetched).toEqual([null, [2], [3]]);
  });

  it('goes on where an earlier walk was', async () => {
    const pages = new PagesAhead((cursor) => Promise.resolve(page(Number(cursor?.[0]), 8)), [7]);
    expect((await pages.take())?.name).toBe('page 7');
  });

  it('tells whoever takes the page that could not be fetched', async () => {
    const pages = new PagesAhead(
      (cursor) => (cursor ? Promise.reject(new Error('503')) : Promise.resolve(page(1, 3))),
      null,
    );
    expect((await pages.take())?.name).toBe('page 1');
    await expect(pages.take()).rejects.toThrow('503');
    await expect(pages.take()).rejects.toThrow('503');
  });

  it('leaves a failure alone that nobody comes for', async () => {
    const pages = new PagesAhead(
      (cursor) => (cursor ? Promise.reject(new Error('503')) : Promise.resolve(page(1, 3))),
      null,
    );
    await pages.take();
    await setImmediate(); // an unhandled rejection would end the test run
  });
});
