import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { TokenRefreshCron, TokenRefreshModule } from '#libs/integrations';
import { createLogger } from '#libs/logging';
import { ConnectionFixture, type HookRow, type Process } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { holdCall } from '../harness/held-call.js';

const HOUR_SECONDS = 3_600;
const MOST_AT_ONCE = 4;
/** 'ghl' and the number of the lock, as pg_locks shows it. */
const CRON_LOCK = 0x67686c02;

const database = useDatabase();
let fixture: ConnectionFixture;
let plain: Process;
let cron: TokenRefreshCron;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  plain = await fixture.process();
  cron = await startCron();
});
afterEach(() => fixture.reset());
afterAll(() => fixture.stop());

/** The cron of a process whose first run, at start, is over. */
async function startCron(env: Record<string, string> = {}, log?: PassThrough): Promise<TokenRefreshCron> {
  const started = (await cronProcess(env, log)).app.get(TokenRefreshCron);
  await eventually(async () => expect(await started.run()).toBeDefined());
  return started;
}

function cronProcess(env: Record<string, string> = {}, log?: PassThrough): Promise<Process> {
  const logger = log && createLogger({ logLevel: 'trace', isProduction: true }, log);
  return fixture.process(env, [ScheduleModule.forRoot(), TokenRefreshModule], logger);
}

async function connectDueIn(seconds: number, location = 0): Promise<HookRow> {
  const hookId = await fixture.connect(plain, { location });
  await fixture.expiresIn(hookId, seconds);
  return fixture.row(hookId);
}

async function wasRefreshed({ id, access_token: before }: HookRow): Promise<boolean> {
  return (await fixture.row(id)).access_token !== before;
}

describe('a run', () => {
  it('refreshes what ends within six hours, and nothing else', async () => {
    const due = await connectDueIn(6 * HOUR_SECONDS - 60);
    const later = await connectDueIn(6 * HOUR_SECONDS + 60, 1);
    const noted = await fixture.row(await fixture.connect(plain, { location: 2 }));
    await database.query(`update integrations_hooks set settings = settings - 'expires_at' where id = $1`, [
      noted.id,
    ]);

    expect(await cron.run()).toEqual({ refreshed: 2, failed: 0 });

    expect(await Promise.all([due, later, noted].map(wasRefreshed))).toEqual([true, false, true]);
    expect(fixture.tokenRequests()).toBe(2);
    expect(await cron.run()).toEqual({ refreshed: 0, failed: 0 });
  });

  it('looks as far ahead as GHL_REFRESH_WINDOW says', async () => {
    const shortSighted = await startCron({ GHL_REFRESH_WINDOW: '1h' });
    await connectDueIn(2 * HOUR_SECONDS);
    expect(await shortSighted.run()).toEqual({ refreshed: 0, failed: 0 });
    expect(await cron.run()).toEqual({ refreshed: 1, failed: 0 });
  });

  it('leaves no gap between two runs, however short GHL_REFRESH_WINDOW is', async () => {
    const shortSighted = await startCron({ GHL_REFRESH_WINDOW: '1m' });
    await connectDueIn(29 * 60);
    await connectDueIn(31 * 60, 1);
    expect(await shortSighted.run()).toEqual({ refreshed: 1, failed: 0 });
  });

  it.each([
    ['of a disabled hook', `update integrations_hooks set status = 0`],
    ["of another app's hook", `update integrations_hooks set app_id = 'linear'`],
    ['that needs a new authorization', `update ghl.connections set state = 'reauthorization_required'`],
    ['of an uninstalled app', `update ghl.connections set state = 'uninstalled'`],
    ['that must wait', `update ghl.connections set next_attempt_at = now() + interval '1 minute'`],
  ])('leaves a token alone: %s', async (_which, change) => {
    await connectDueIn(60);
    await database.query(change);
    expect(await cron.run()).toEqual({ refreshed: 0, failed: 0 });
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('tries a suspended location again when its waiting time is over', async () => {
    const row = await connectDueIn(60);
    await database.query(
      `update ghl.connections set state = 'suspended', next_attempt_at = now() - interval '1 second'`,
    );
    expect(await cron.run()).toEqual({ refreshed: 1, failed: 0 });
    expect(await fixture.row(row.id)).toMatchObject({ state: 'connected' });
  });

  it('goes on when one hook fails, and counts it', async () => {
    const [broken, good] = [await connectDueIn(60), await connectDueIn(60, 1)];
    await database.query(`update integrations_hooks set access_token = '{"p":"AAAA","h":{' where id = $1`, [
      broken.id,
    ]);
    expect(await cron.run()).toEqual({ refreshed: 1, failed: 1 });
    expect(await wasRefreshed(good)).toBe(true);
  });

  it('asks for few tokens at a time, however many are due', async () => {
    await fixture.connectMany(plain, 12);
    fixture.simulator.faults.add({ kind: 'delay', delayMs: 300, path: '/oauth/token', times: 12 });
    expect(await cron.run()).toEqual({ refreshed: 12, failed: 0 });
    expect(fixture.tokenRequests(200)).toBe(12);
    expect(fixture.mostTokenRequestsAtOnce()).toBeGreaterThan(1);
    expect(fixture.mostTokenRequestsAtOnce()).toBeLessThanOrEqual(MOST_AT_ONCE);
  });

  it('goes through more hooks than it looks at in one statement', async () => {
    await database.query(
      `insert into integrations_hooks (account_id, app_id, hook_type, status, access_token, settings, created_at, updated_at)
       select 1, 'gohighlevel', 0, 1, 'token', jsonb_build_object('expires_at', now() + interval '1 day'), now(), now()
         from generate_series(1, 1200)`,
    );
    const last = await connectDueIn(60);
    expect(await cron.run()).toEqual({ refreshed: 1, failed: 0 });
    expect(await wasRefreshed(last)).toBe(true);
  });

  it('is made by one process at a time', async () => {
    const other = await startCron();
    await fixture.connectMany(plain, 3);
    const call = holdCall(fixture.simulator.faults, { path: '/oauth/token' });
    const running = cron.run();
    await call.arrived();
    expect(await other.run()).toBeUndefined();
    call.letGo();
    expect(await running).toEqual({ refreshed: 3, failed: 0 });
    expect(await other.run()).toEqual({ refreshed: 0, failed: 0 });
    expect(fixture.tokenRequests()).toBe(3);
  });
});

describe('the schedule', () => {
  it('runs every quarter of an hour, once', async () => {
    const { app } = await cronProcess();
    const jobs = [...app.get(SchedulerRegistry).getCronJobs().values()];
    expect(jobs).toHaveLength(1);
    const [first, second] = jobs[0]!.nextDates(2).map((date) => date.toMillis());
    expect(second! - first!).toBe(15 * 60_000);
  });

  it('catches up at start', async () => {
    const row = await connectDueIn(60);
    await cronProcess();
    await eventually(async () => expect(await wasRefreshed(row)).toBe(true));
  });

  it('does nothing where refreshing is left to DeskFlow, and says so once', async () => {
    const row = await connectDueIn(60);
    const log = new PassThrough();
    const off = (await cronProcess({ GHL_TOKEN_REFRESH: 'off' }, log)).app.get(TokenRefreshCron);
    await off.runOnSchedule();
    await sleep(300);
    expect(await wasRefreshed(row)).toBe(false);
    expect(fixture.tokenRequests()).toBe(0);
    expect(String(log.read()).match(/left to DeskFlow/g)).toHaveLength(1);
  });

  it("says at start that DeskFlow's own job must be off, and later what it did", async () => {
    await connectDueIn(60);
    const log = new PassThrough();
    const { app } = await cronProcess({}, log);
    let lines = '';
    await eventually(async () => {
      lines += String(log.read() ?? '');
      expect(lines).toContain('"msg":"Refreshed what ends soon","refreshed":1,"failed":0');
      return Promise.resolve();
    });
    expect(lines.match(/own refresh job must be off/g)).toHaveLength(1);
    await app.close();
  });

  it('ends in order: what has begun is finished, nothing else is begun', async () => {
    await fixture.connectMany(plain, 10);
    const slow = fixture.simulator.faults.add({
      kind: 'delay',
      delayMs: 1_000,
      path: '/oauth/token',
      times: 10,
    });
    const { app } = await cronProcess();
    await eventually(() => expect(slow.times).toBeLessThan(10));
    await app.close();
    const granted = fixture.tokenRequests(200);
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThan(10);
    const [{ stored }] = (await database.query<{ stored: number }>(
      `select count(*) as stored from ghl.connections where last_refreshed_at > now() - interval '1 minute'`,
    )) as [{ stored: number }];
    expect(stored).toBe(granted);
  });

  it('survives a database connection that dies under it', async () => {
    const log = new PassThrough();
    const doomed = await startCron({}, log);
    const row = await connectDueIn(60);
    const call = holdCall(fixture.simulator.faults, { path: '/oauth/token' });
    const scheduled = doomed.runOnSchedule();
    await call.arrived();
    const killed = await database.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = $1 and granted`,
      [CRON_LOCK],
    );
    expect(killed).toHaveLength(1);
    call.letGo();
    await scheduled;
    expect(String(log.read())).toContain('"msg":"Refreshed what ends soon","refreshed":1,"failed":0');
    expect(await wasRefreshed(row)).toBe(true);
    expect(await doomed.run()).toEqual({ refreshed: 0, failed: 0 });
  });

  it('logs what stopped a run, and runs again the next time', async () => {
    const log = new PassThrough();
    const scheduled = await startCron({}, log);
    const row = await connectDueIn(60);
    await database.query('alter table ghl.connections rename to away');
    await scheduled.runOnSchedule();
    await database.query('alter table ghl.away rename to connections');
    expect(String(log.read())).toContain('"msg":"The refresh run stopped","error":"QueryFailedError"');
    await scheduled.runOnSchedule();
    expect(await wasRefreshed(row)).toBe(true);
  });
});
