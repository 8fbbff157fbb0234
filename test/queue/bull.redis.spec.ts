import { getQueueToken } from '@nestjs/bull';
import { type Queue } from 'bull';
import { LANES, QueueHealth } from '#libs/queue';
import { type QueueProcess, startQueueProcess } from './queue-process.js';
import { RedisServer, redisIsInstalled } from './redis-server.js';
import { gate, settle, until } from './until.js';
import { wakeUpsContract } from './wake-ups-contract.js';

const suite = redisIsInstalled() ? describe : describe.skip;
if (suite === describe.skip) process.stderr.write('Bull is not tested: no redis-server on this machine\n');

suite('Wake-ups over Bull', () => {
  let redis: RedisServer;
  const started: QueueProcess[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ app }) => app.close()));
  });
  afterAll(async () => {
    await redis.stop();
  });

  const start = async (role?: 'rings' | 'works'): Promise<QueueProcess> => {
    const process = await startQueueProcess(redis.url, role);
    started.push(process);
    return process;
  };

  wakeUpsContract(() => redis.url);

  it('reach a worker in another process, and never two for one hook', async () => {
    const api = await start('rings');
    const workers = [await start(), await start()];
    const running = new Set<number>();
    let overlapped = false;
    let runs = 0;
    for (const { work } of workers) {
      work.during = async (hookId) => {
        overlapped ||= running.has(hookId);
        running.add(hookId);
        runs += 1;
        await settle(20);
        running.delete(hookId);
      };
    }
    for (let round = 0; round < 20; round += 1) {
      for (const hook of [7001, 7002, 7003]) api.wakeUps.ring('inbound', hook);
      await settle(15);
    }
    await until(() => running.size === 0 && runs >= 6);
    expect(overlapped).toBe(false);
    expect(api.work.runs).toEqual([]);
  });

  it('leave no connection behind, even if a worker is stopped twice in the middle of its work', async () => {
    const { app, wakeUps, work } = await start();
    const queues = LANES.map((lane) => app.get<Queue>(getQueueToken(lane), { strict: false }));
    const all = gate();
    work.during = () => all.passed;
    for (const hook of [7101, 7102, 7103, 7104, 7105, 7106]) wakeUps.ring('inbound', hook);
    await until(() => work.running.length === 4);
    const closed = app.close();
    await settle();
    all.open();
    await closed;
    await app.close();
    await settle(500); // a connection that was begun would be there by now
    const states = queues.flatMap(({ clients }) => clients.map(({ status }) => status));
    expect(states).toEqual(states.map(() => 'end'));
  });

  it('outlive a flush of Redis while a hook is worked on', async () => {
    const { wakeUps, work } = await start();
    const first = gate();
    work.during = () => first.passed;
    wakeUps.ring('inbound', 8001);
    await until(() => work.runsOf(8001) === 1);
    await redis.halt();
    await redis.resume();
    first.open();
    await until(() => work.running.length === 0);
    // As the sweeper does every second.
    await until(async () => {
      wakeUps.ring('inbound', 8001);
      await settle(50);
      return work.runsOf(8001) >= 2;
    });
  });

  it('wait while Redis is away: ringing costs nothing and is logged once, then goes on', async () => {
    const { app, wakeUps, work, logged } = await start();
    await redis.halt();
    const began = performance.now();
    for (let ring = 0; ring < 10_000; ring += 1) wakeUps.ring('inbound', 9000 + (ring % 50));
    expect(performance.now() - began).toBeLessThan(200);
    await expect(app.get(QueueHealth).check()).rejects.toThrow('Redis is unavailable');
    await settle(1_000);
    expect(logged.filter(({ msg }) => msg.startsWith('Redis does not answer'))).toHaveLength(LANES.length); // once a lane
    await redis.resume();
    await until(() => {
      wakeUps.ring('inbound', 9000);
      return work.runsOf(9000) > 0;
    });
  });

  it('start and stop in time without any Redis', async () => {
    const lonely = await startQueueProcess('redis://127.0.0.1:1');
    lonely.wakeUps.ring('inbound', 1);
    const began = performance.now();
    await lonely.app.close();
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
