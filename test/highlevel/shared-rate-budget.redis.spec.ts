import { SharedRateLedger, WaitingRateBudget } from '#libs/highlevel';
import { SharedRedis } from '#libs/queue';
import { eventually } from '../harness/eventually.js';
import { type QueueProcess, startQueueProcess } from '../queue/queue-process.js';
import { RedisServer, redisIsInstalled } from '../queue/redis-server.js';
import { ManualTime, promisesSettled } from './manual-time.js';
import { itKeepsTheRateBudget } from './rate-budget-contract.js';

const suite = redisIsInstalled() ? describe : describe.skip;
if (suite === describe.skip)
  process.stderr.write('The shared rate budget is not tested: no redis-server on this machine\n');

suite('The rate budget that processes share', () => {
  let redis: RedisServer;
  const processes: QueueProcess[] = [];
  let runs = 0;
  let running = 0;

  /** As a process has it, with every script counted. */
  function shared(index: number): SharedRedis['run'] {
    const own = processes[index]!.app.get(SharedRedis);
    return async (...call) => {
      runs += 1;
      running += 1;
      try {
        return await own.run(...call);
      } finally {
        running -= 1;
      }
    };
  }

  /** Nothing waits for Redis. */
  async function settled(): Promise<void> {
    do await promisesSettled();
    while (running > 0);
    await promisesSettled();
    if (running > 0) await settled();
  }

  beforeAll(async () => {
    redis = await RedisServer.start();
    processes.push(await startQueueProcess(redis.url, 'rings'), await startQueueProcess(redis.url, 'rings'));
    await eventually(async () =>
      expect(await processes[0]!.app.get(SharedRedis).run('return 1', [], [])).toBe(1),
    );
    await eventually(async () =>
      expect(await processes[1]!.app.get(SharedRedis).run('return 1', [], [])).toBe(1),
    );
  });
  beforeEach(async () => {
    await settled(); // callers of the test before may still be on their way
    await processes[0]!.app.get(SharedRedis).run(`return redis.call('FLUSHALL')`, [], []);
    runs = 0;
  });
  afterAll(async () => {
    await Promise.all(processes.map(({ app }) => app.close()));
    await redis.stop();
  });

  describe('with time in hand', () => {
    itKeepsTheRateBudget(() => {
      const { now, sleep, pass } = new ManualTime(settled);
      const ledger = new SharedRateLedger(shared(0), { limit: 10, intervalMs: 1000, now });
      const budget = new WaitingRateBudget(ledger, { maxWaiting: 30, maxWaitMs: 5000, now, sleep });
      return { budget, pass };
    });
  });

  /** Two processes on one clock. */
  function pair(): { budgets: WaitingRateBudget[]; time: ManualTime } {
    const time = new ManualTime(settled);
    const { now, sleep } = time;
    const budgets = [0, 1].map(
      (index) => new WaitingRateBudget(new SharedRateLedger(shared(index), { now }), { now, sleep }),
    );
    return { budgets, time };
  }

  it('is one for all of them', async () => {
    const { budgets, time } = pair();
    let sent = 0;
    for (const budget of budgets)
      for (let n = 0; n < 150; n++) void budget.acquire('loc', 'interactive').then(() => sent++);
    await time.pass(0);
    expect(sent).toBe(100);
    await time.pass(10_300);
    expect(sent).toBe(200);
  });

  it('lets what is interactive in one go before what is bulk in the other', async () => {
    const { budgets, time } = pair();
    const [one, other] = budgets;
    const admitted: string[] = [];
    for (let n = 0; n < 100; n++) await one!.acquire('loc', 'interactive');
    for (let n = 0; n < 20; n++) void one!.acquire('loc', 'bulk').then(() => admitted.push('bulk'));
    await time.pass(1_000);
    for (let n = 0; n < 5; n++)
      void other!.acquire('loc', 'interactive').then(() => admitted.push('interactive'));
    await time.pass(9_400);
    expect(admitted.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'interactive'));
    await time.pass(5_000);
    expect(admitted).toHaveLength(25);
  });

  it('heeds in one what an answer told the other', async () => {
    const { budgets, time } = pair();
    const [one, other] = budgets;
    one!.observe('loc', { pauseMs: 3_000 });
    let sent = false;
    await time.pass(0);
    void other!.acquire('loc', 'interactive').then(() => (sent = true));
    await time.pass(2_999);
    expect(sent).toBe(false);
    await time.pass(1);
    expect(sent).toBe(true);
  });

  it('goes by the clock of Redis, and leaves no keys behind for good', async () => {
    const ledger = new SharedRateLedger(shared(0), { limit: 2, intervalMs: 50 });
    const waits = [];
    for (let n = 0; n < 3; n++) waits.push(await ledger.take('loc', 'bulk'));
    expect(waits[0]).toBe(0);
    expect(waits[2]).toBeGreaterThan(0);
    const left = await processes[0]!.app.get(SharedRedis).run(
      `local least = 1e9 for _, key in ipairs(redis.call('KEYS', '*rate*')) do
              least = math.min(least, redis.call('PTTL', key)) end return least`,
      [],
      [],
    );
    expect(left).toBeGreaterThan(0); // -1 would be for ever
    expect(runs).toBe(3);
  });

  it('tells Redis of answers that say the same now and then, and of all others at once', async () => {
    const { now, pass } = new ManualTime(settled);
    const ledger = new SharedRateLedger(shared(0), { now });
    const answer = { limit: 100, intervalMs: 10_000, dailyLimit: 1_000 };
    for (let n = 0; n < 50; n += 1)
      ledger.observe('loc', { ...answer, remaining: 90 - n, dailyRemaining: 900 - n });
    expect(runs).toBe(1);
    await pass(100);
    ledger.observe('loc', { ...answer, remaining: 30, dailyRemaining: 800 });
    expect(runs).toBe(2);
    await settled();
    expect(await ledger.level('loc')).toMatchObject({ left: 30, daily: { limit: 1_000, left: 800 } });

    runs = 0;
    ledger.observe('loc', { ...answer, limit: 50, remaining: 20, dailyRemaining: 799 });
    ledger.observe('loc', { ...answer, limit: 50, remaining: 19, dailyRemaining: 40 }); // bulk work is to rest
    for (let n = 0; n < 2; n += 1) ledger.observe('loc', { ...answer, limit: 50, pauseMs: 5_000 });
    expect(runs).toBe(4);
  });

  it('is each process’s own while Redis does not answer', async () => {
    await redis.halt();
    try {
      const ledger = new SharedRateLedger(shared(0), { limit: 1, intervalMs: 1_000 });
      expect(await ledger.take('loc', 'interactive')).toBe(0);
      expect(await ledger.take('loc', 'interactive')).toBeGreaterThan(0);
    } finally {
      await redis.resume();
    }
    await eventually(async () =>
      expect(await processes[0]!.app.get(SharedRedis).run('return 1', [], [])).toBe(1),
    );
  });
});
