import { InProcessRateLedger, WaitingRateBudget } from '#libs/highlevel';
import { ManualTime, promisesSettled } from './manual-time.js';
import { type BudgetUnderTest, itKeepsTheRateBudget } from './rate-budget-contract.js';

describe(InProcessRateLedger.name, () => {
  describe('with time in hand', () => {
    itKeepsTheRateBudget((): BudgetUnderTest => {
      const { now, sleep, pass } = new ManualTime();
      const ledger = new InProcessRateLedger({ limit: 10, intervalMs: 1000, now });
      return { budget: new WaitingRateBudget(ledger, { maxWaiting: 30, maxWaitMs: 5000, now, sleep }), pass };
    });
  });

  it('keeps 100 requests per 10 seconds unless it learns otherwise', async () => {
    const { now, sleep, pass } = new ManualTime();
    const budget = new WaitingRateBudget(new InProcessRateLedger({ now }), { now, sleep });
    let sent = 0;
    for (let n = 0; n < 250; n++) void budget.acquire('loc', 'interactive').then(() => sent++);
    await pass(0);
    expect(sent).toBe(100);
    await pass(9_999);
    expect(sent).toBe(100);
    await pass(500);
    expect(sent).toBe(200);
  });

  it('lets nobody overtake those who wait for a timer that is late', async () => {
    let time = 1_000_000;
    let wake = (): void => undefined;
    const sleep = (): Promise<void> => new Promise((woken) => (wake = woken));
    const budget = new WaitingRateBudget(
      new InProcessRateLedger({ limit: 1, intervalMs: 1000, now: () => time }),
      {
        now: () => time,
        sleep,
      },
    );
    const admitted: string[] = [];
    const ask = (name: string): unknown =>
      budget.acquire('loc', 'interactive').then(() => admitted.push(name));
    ask('first');
    ask('second');
    await promisesSettled();
    time += 2000; // the window is free, but the timer has not fired
    ask('third');
    await promisesSettled();
    expect(admitted).toEqual(['first']);
    wake();
    await promisesSettled();
    expect(admitted).toEqual(['first', 'second']);
  });

  it('works by the real clock, too', async () => {
    const budget = new WaitingRateBudget(new InProcessRateLedger({ limit: 2, intervalMs: 50 }));
    const started = performance.now();
    for (let n = 0; n < 3; n++) await budget.acquire('loc', 'interactive');
    expect(performance.now() - started).toBeGreaterThanOrEqual(250); // 50 and the margin
  });

  it('still knows what a busy resource spent after forgetting many that rest', async () => {
    const { now, sleep, pass } = new ManualTime();
    const budget = new WaitingRateBudget(new InProcessRateLedger({ limit: 1, now }), { now, sleep });
    for (let n = 0; n < 9_999; n++) await budget.acquire(`idle${n}`, 'interactive');
    await pass(11_000);
    await budget.acquire('busy', 'interactive');
    await budget.acquire('one more', 'interactive');
    let again = false;
    void budget.acquire('busy', 'interactive').then(() => (again = true));
    await pass(0);
    expect(again).toBe(false);
  });
});
