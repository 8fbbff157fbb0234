import { type RateBudget, RateBudgetExhausted } from '#libs/highlevel';

/** A budget under test with time of its own. */
export interface BudgetUnderTest {
  /** 10 requests per 1,000 ms to begin with; at most 30 callers wait, none longer than 5,000 ms. */
  budget: RateBudget;
  /** Lets time pass, and all that waits for it happen. */
  pass: (milliseconds: number) => Promise<void>;
}

/** Milliseconds an implementation may add to a window, to be on the safe side of HighLevel's clock. */
const MARGIN_MS = 300;

/** What every implementation of `RateBudget` promises. For specs. */
export function itKeepsTheRateBudget(make: () => BudgetUnderTest): void {
  let budget: RateBudget;
  let pass: BudgetUnderTest['pass'];
  let admitted: string[];
  beforeEach(() => {
    ({ budget, pass } = make());
    admitted = [];
  });

  const ask = (
    name: string,
    priority: 'interactive' | 'bulk' = 'interactive',
    resource = 'loc',
  ): Promise<unknown> =>
    budget.acquire(resource, priority).then(
      () => admitted.push(name),
      (error: unknown) => error,
    );
  const askTimes = (times: number, name: string, priority?: 'interactive' | 'bulk'): Promise<unknown[]> =>
    Promise.all(Array.from({ length: times }, () => ask(name, priority)));
  const count = (name: string): number => admitted.filter((each) => each === name).length;

  it('admits a window at once, and the next request when the window has ended', async () => {
    void askTimes(11, 'call');
    await pass(0);
    expect(count('call')).toBe(10);
    await pass(999);
    expect(count('call')).toBe(10);
    await pass(1 + MARGIN_MS);
    expect(count('call')).toBe(11);
  });

  it('never admits more than a window in any window, however callers come', async () => {
    void askTimes(6, 'first');
    await pass(600);
    void askTimes(14, 'second');
    await pass(399);
    expect(count('second')).toBe(4);
    await pass(1 + MARGIN_MS);
    expect(count('second')).toBe(10);
    await pass(600);
    expect(count('second')).toBe(14);
  });

  it('tells what is left, and spends nothing by it', async () => {
    void askTimes(4, 'call');
    await pass(0);
    budget.observe('loc', { dailyLimit: 200_000, dailyRemaining: 199_996 });
    await pass(0);
    const expected = {
      limit: 10,
      left: 6,
      intervalMs: 1_000,
      daily: { limit: 200_000, left: 199_996 },
      pausedForMs: 0,
    };
    expect(await budget.level('loc')).toEqual(expected);
    expect(await budget.level('loc')).toEqual(expected);
    expect(await budget.level('never heard of')).toMatchObject({ limit: 10, left: 10, daily: undefined });
    budget.observe('loc', { pauseMs: 2_000 });
    await pass(500);
    expect((await budget.level('loc')).pausedForMs).toBe(1_500);
  });

  it('keeps the order of callers', async () => {
    void askTimes(10, 'filler');
    for (let n = 0; n < 15; n++) void ask(`n${n}`);
    await pass(3 * (1000 + MARGIN_MS));
    expect(admitted.slice(10)).toEqual(Array.from({ length: 15 }, (_, n) => `n${n}`));
  });

  it('lets interactive callers pass bulk ones that wait', async () => {
    void askTimes(10, 'filler');
    await pass(0);
    void askTimes(12, 'bulk', 'bulk');
    void askTimes(3, 'interactive');
    await pass(1000 + MARGIN_MS);
    expect(admitted.slice(10, 13)).toEqual(['interactive', 'interactive', 'interactive']);
    await pass(2 * (1000 + MARGIN_MS));
    expect(count('bulk')).toBe(12);
  });

  it('leaves an interactive caller a request while bulk work uses all it may', async () => {
    void askTimes(30, 'bulk', 'bulk');
    await pass(0);
    await ask('interactive');
    expect(count('interactive')).toBe(1);
    expect(count('bulk')).toBeGreaterThan(0);
  });

  it('gives each resource a budget of its own', async () => {
    void askTimes(11, 'one');
    await ask('two', 'interactive', 'another');
    expect(count('two')).toBe(1);
  });

  it('learns a smaller limit and a longer window from an answer', async () => {
    budget.observe('loc', { limit: 2, intervalMs: 2000 });
    await pass(0);
    void askTimes(3, 'call');
    await pass(1000 + MARGIN_MS);
    expect(count('call')).toBe(2);
    await pass(1000);
    expect(count('call')).toBe(3);
  });

  it('learns a larger limit from an answer', async () => {
    budget.observe('loc', { limit: 15 });
    void askTimes(16, 'call');
    await pass(0);
    expect(count('call')).toBe(15);
  });

  it('counts what others spent of the same budget', async () => {
    await ask('call');
    budget.observe('loc', { limit: 10, remaining: 2 }); // eight were counted, we sent one
    void askTimes(5, 'call');
    await pass(0);
    expect(count('call')).toBe(3);
  });

  it('does not count its own requests twice', async () => {
    await askTimes(4, 'call');
    for (const remaining of [9, 8, 7, 6]) budget.observe('loc', { limit: 10, remaining });
    void askTimes(10, 'call');
    await pass(0);
    expect(count('call')).toBe(10);
  });

  it('sends nothing to a resource that was refused until its pause is over', async () => {
    budget.observe('loc', { pauseMs: 3000 });
    void ask('call');
    void ask('elsewhere', 'bulk', 'another');
    await pass(2999);
    expect(admitted).toEqual(['elsewhere']);
    await pass(1);
    expect(count('call')).toBe(1);
  });

  it('does not shorten a pause because an older answer asks for less', async () => {
    budget.observe('loc', { pauseMs: 3000 });
    budget.observe('loc', { pauseMs: 100, limit: 10, remaining: 9 });
    void ask('call');
    await pass(2999);
    expect(admitted).toEqual([]);
  });

  it('refuses a caller whose wait would be too long, and says how long', async () => {
    budget.observe('loc', { pauseMs: 60_000 });
    const outcome = await ask('call');
    expect(outcome).toBeInstanceOf(RateBudgetExhausted);
    expect((outcome as RateBudgetExhausted).retryAfterMs).toBe(60_000);
  });

  it('refuses everybody who waits when a pause makes the wait too long', async () => {
    const waiting = askTimes(12, 'call');
    await pass(0);
    budget.observe('loc', { pauseMs: 60_000 });
    await pass(1000 + MARGIN_MS);
    const refused = (await waiting).filter((outcome) => outcome instanceof RateBudgetExhausted);
    expect(refused).toHaveLength(2);
    expect(count('call')).toBe(10);
  });

  it('rests when the day is used up', async () => {
    budget.observe('loc', { dailyRemaining: 0 });
    expect(await ask('call')).toBeInstanceOf(RateBudgetExhausted);
  });

  it('refuses callers beyond the length of its queue', async () => {
    void askTimes(10, 'call');
    await pass(0);
    void askTimes(30, 'call');
    const outcome = await ask('one too many');
    expect(outcome).toBeInstanceOf(RateBudgetExhausted);
    expect((outcome as RateBudgetExhausted).retryAfterMs).toBeGreaterThan(0);
  });

  it('spreads bulk work over the window, so that an interactive caller waits a part of it at most', async () => {
    void askTimes(30, 'bulk', 'bulk');
    await pass(3_000);
    void askTimes(3, 'interactive');
    await pass(500);
    expect(count('interactive')).toBe(3);
  });

  it('uses nearly all that is permitted for bulk work when there is no other', async () => {
    budget.observe('loc', { limit: 100, intervalMs: 10_000 });
    const ask30 = async (): Promise<void> => {
      void askTimes(29, 'bulk', 'bulk');
      await pass(2_700);
    };
    for (let n = 0; n < 40; n++) await ask30();
    const seconds = (40 * 2_700) / 1_000;
    expect(count('bulk')).toBeGreaterThanOrEqual(Math.floor(seconds * 10 * 0.95));
    expect(count('bulk')).toBeLessThanOrEqual(seconds * 10);
  });

  it('leaves the last of the day to interactive callers', async () => {
    budget.observe('loc', { dailyLimit: 1_000, dailyRemaining: 49 });
    expect(await ask('bulk', 'bulk')).toBeInstanceOf(RateBudgetExhausted);
    await ask('interactive');
    expect(admitted).toEqual(['interactive']);
    budget.observe('loc', { dailyLimit: 1_000, dailyRemaining: 1_000 });
    await ask('bulk', 'bulk');
    expect(count('bulk')).toBe(1);
  });
}
