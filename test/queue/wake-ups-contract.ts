import { QueueHealth } from '#libs/queue';
import { type QueueProcess, startQueueProcess } from './queue-process.js';
import { gate, settle, until } from './until.js';

/** What both drivers promise. `redisUrl` is asked once the suite's hooks have run. */
export function wakeUpsContract(redisUrl: () => string | undefined): void {
  const started: QueueProcess[] = [];
  const start = async (): Promise<QueueProcess> => {
    const process = await startQueueProcess(redisUrl());
    started.push(process);
    return process;
  };
  // Hook ids of one test only: Redis remembers between tests.
  let lastHookId = 0;
  const newHook = (): number => (lastHookId += 1);

  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ app }) => app.close()));
  });

  it('wakes the processor of the lane with the hook', async () => {
    const { wakeUps, work } = await start();
    const [one, other] = [newHook(), newHook()];
    wakeUps.ring('inbound', one);
    wakeUps.ring('outbound', other);
    await until(() => work.runs.length === 2);
    expect(work.runs).toEqual(
      expect.arrayContaining([
        { lane: 'inbound', hookId: one },
        { lane: 'outbound', hookId: other },
      ]),
    );
  });

  it('makes many rings at once one or two runs, never at the same time', async () => {
    const { wakeUps, work } = await start();
    const hook = newHook();
    work.during = () => settle(10);
    for (let ring = 0; ring < 500; ring += 1) wakeUps.ring('inbound', hook);
    await until(() => work.runsOf(hook) > 0 && work.running.length === 0);
    await settle();
    expect(work.runsOf(hook)).toBeLessThanOrEqual(2);
    expect(work.overlapped).toBe(false);
  });

  it('wakes a hook that was rung while it was worked on once more, after that', async () => {
    const { wakeUps, work } = await start();
    const hook = newHook();
    const first = gate();
    work.during = () => first.passed;
    wakeUps.ring('inbound', hook);
    await until(() => work.runsOf(hook) === 1);
    for (let ring = 0; ring < 20; ring += 1) wakeUps.ring('inbound', hook);
    await settle();
    expect(work.runsOf(hook)).toBe(1);
    first.open();
    await until(() => work.runsOf(hook) === 2);
    await settle();
    expect(work.runsOf(hook)).toBe(2);
    expect(work.overlapped).toBe(false);
  });

  it('lets a run ring for its own hook, and takes others first', async () => {
    const { wakeUps, work } = await start();
    const [busy, patient] = [newHook(), newHook()];
    work.during = async (hookId) => {
      if (hookId === busy && work.runsOf(busy) < 5) wakeUps.ring('inbound', busy);
      await settle(5);
    };
    wakeUps.ring('inbound', busy);
    wakeUps.ring('inbound', patient);
    await until(() => work.runsOf(busy) === 5 && work.runsOf(patient) === 1);
    expect(work.overlapped).toBe(false);
  });

  it('works on four hooks at once and no more', async () => {
    const { wakeUps, work } = await start();
    const hooks = Array.from({ length: 9 }, newHook);
    const all = gate();
    work.during = () => all.passed;
    for (const hook of hooks) wakeUps.ring('inbound', hook);
    await until(() => work.running.length === 4);
    await settle();
    expect(work.running).toHaveLength(4);
    all.open();
    await until(() => work.runs.length === 9);
    expect(work.mostAtOnce).toBe(4);
  });

  it('logs a run that fails and goes on, also with the same hook', async () => {
    const { wakeUps, work, logged } = await start();
    const hook = newHook();
    work.during = () => (work.runsOf(hook) === 1 ? Promise.reject(new Error('broken')) : Promise.resolve());
    wakeUps.ring('inbound', hook);
    await until(() => logged.some(({ msg }) => msg === 'A wake-up failed'));
    wakeUps.ring('inbound', hook);
    await until(() => work.runsOf(hook) === 2);
  });

  it('finishes what runs before it stops, and starts nothing more', async () => {
    const { app, wakeUps, work } = await start();
    const hooks = Array.from({ length: 6 }, newHook);
    const all = gate();
    let finished = 0;
    work.during = async () => {
      await all.passed;
      finished += 1;
    };
    for (const hook of hooks) wakeUps.ring('inbound', hook);
    await until(() => work.running.length === 4);
    const closed = app.close();
    await settle();
    expect(finished).toBe(0);
    all.open();
    await closed;
    expect(finished).toBe(4);
    wakeUps.ring('inbound', newHook());
    await settle();
    expect(work.runs).toHaveLength(4);
  });

  it('says that it is well', async () => {
    const { app } = await start();
    await expect(app.get(QueueHealth).check()).resolves.toBeUndefined();
  });
}
