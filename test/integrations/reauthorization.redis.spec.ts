import { Redis } from 'ioredis';
import { ScheduleModule } from '@nestjs/schedule';
import { TokenRefreshCron, TokenRefreshModule } from '#libs/integrations';
import { QueueModule } from '#libs/queue';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { RedisServer, redisIsInstalled } from '../queue/redis-server.js';
import { ConnectionFixture, type Process } from './connection-fixture.js';

const suite = redisIsInstalled() ? describe : describe.skip;
if (suite === describe.skip)
  process.stderr.write("DeskFlow's reauthorization keys are not tested: no redis-server on this machine\n");

suite("DeskFlow's reauthorization keys", () => {
  const database = useDatabase();
  let server: RedisServer;
  let redis: Redis;
  let fixture: ConnectionFixture;
  let worker: Process;
  let hookId: number;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url, { lazyConnect: true });
    redis.on('error', () => undefined); // while the server is away
    await redis.connect();
    fixture = await ConnectionFixture.start(database.source);
    const env = { REDIS_URL: server.url };
    worker = await fixture.process(env, [
      ScheduleModule.forRoot(),
      QueueModule.register(fixture.config(env)),
      TokenRefreshModule,
    ]);
    await eventually(async () => expect(await worker.app.get(TokenRefreshCron).run()).toBeDefined());
  });
  beforeEach(async () => {
    hookId = await fixture.connect(worker);
  });
  afterEach(async () => {
    await redis.flushall();
    await fixture.reset();
  });
  afterAll(async () => {
    await fixture.stop();
    redis.disconnect();
    await server.stop();
  });

  async function keys(): Promise<Record<string, string | null>> {
    const names = await redis.keys('*AUTHORIZATION*');
    const values = await Promise.all(names.map((name) => redis.get(name)));
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
  }
  const raised = (refusals = '1'): Record<string, string> => ({
    [`alfred:AUTHORIZATION_ERROR_COUNT:integrations_hook:${hookId}`]: refusals,
    [`alfred:REAUTHORIZATION_REQUIRED:integrations_hook:${hookId}`]: 'true',
  });

  async function refuse(): Promise<void> {
    fixture.simulator.world.tokens.revokeWhere(() => true);
    fixture.simulator.faults.add({ kind: 'status', status: 400, path: '/oauth/reconnect' });
    await expect(worker.refresh.refresh(hookId)).rejects.toMatchObject({ code: 'reauthorization_required' });
  }

  it('are set, as DeskFlow sets them, when only a new authorization helps', async () => {
    await refuse();
    await eventually(async () => expect(await keys()).toEqual(raised()));
  });

  it('are not set by anything that passes, and count the failures in a row', async () => {
    fixture.simulator.faults.add({ kind: 'status', status: 503, path: '/oauth/token', times: 4 });
    for (let failed = 0; failed < 2; failed += 1)
      await expect(worker.refresh.refresh(hookId)).rejects.toMatchObject({ code: 'highlevel_unavailable' });
    expect(await keys()).toEqual({});
    await refuse();
    await eventually(async () => expect(await keys()).toEqual(raised('3')));
  });

  it('are gone with the next authorization', async () => {
    await refuse();
    await eventually(async () => expect(await keys()).toEqual(raised()));
    expect(await fixture.connect(worker)).toBe(hookId);
    expect(await keys()).toEqual({});
  });

  it("are gone with the next success, also where DeskFlow's own code has set them", async () => {
    for (const [key, value] of Object.entries(raised('2'))) await redis.set(key, value);
    await worker.refresh.refresh(hookId);
    await eventually(async () => expect(await keys()).toEqual({}));
  });

  it('are gone when the connection is removed, on either side', async () => {
    for (const end of [
      () => worker.hooks.uninstall({ locationId: fixture.locationId(), at: new Date(Date.now() + 1_000) }),
      () => worker.hooks.disconnect(1),
    ]) {
      for (const [key, value] of Object.entries(raised())) await redis.set(key, value);
      await end();
      expect(await keys()).toEqual({});
    }
  });

  it('are brought in line after Redis was away, which nothing waits for', async () => {
    await server.halt();
    const started = performance.now();
    await refuse();
    expect(performance.now() - started).toBeLessThan(5_000);
    await server.resume();
    await eventually(async () => {
      await worker.app.get(TokenRefreshCron).run();
      expect(await keys()).toEqual(raised());
    });
  });
});
