import { setTimeout as sleep } from 'node:timers/promises';
import { type QueryRunner } from 'typeorm';
import { TokenVault } from '#libs/integrations';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { TokenProxy } from '../harness/token-proxy.js';
import { ConnectionFixture, ENCRYPTION, type HookRow, type Process } from './connection-fixture.js';
import { Refresher } from './refresher.js';

const CALLERS = 50;
const KILLED_AT_RANDOM = 6;
/** A refresh takes about this long here, so that a kill may meet any part of it (milliseconds). */
const LONGEST_MS = 120;

const database = useDatabase();
let fixture: ConnectionFixture;
let proxy: TokenProxy;
let survivor: Process;
let children: Refresher[] = [];

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  proxy = await TokenProxy.start(fixture.simulator.url);
  survivor = await fixture.process({ GHL_API_URL: proxy.url });
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  children = [];
  proxy.reset();
  await fixture.reset();
});
afterAll(async () => {
  await proxy.stop();
  await fixture.stop();
});

async function startChild(): Promise<Refresher> {
  const child = await Refresher.start({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    GHL_API_URL: proxy.url,
    GHL_CLIENT_ID: fixture.simulator.clientId,
    GHL_CLIENT_SECRET: fixture.simulator.clientSecret,
    ...ENCRYPTION,
  });
  children.push(child);
  return child;
}

async function expired(): Promise<HookRow> {
  const hookId = await fixture.connect(survivor);
  await fixture.expiresIn(hookId, -1);
  return fixture.row(hookId);
}

/** What everything comes down to: a living token is stored, the next caller gets it, and no token was used twice. */
async function isWell({ id }: HookRow): Promise<void> {
  const token = await survivor.refresh.freshAccessToken(id);
  const row = await fixture.row(id);
  expect(survivor.app.get(TokenVault).open(row.access_token ?? '', id)).toBe(token);
  expect(fixture.simulator.world.tokens.grantOf(token)).toMatchObject({ locationId: fixture.locationId() });
  expect(row).toMatchObject({ status: 1, state: 'connected', reason: null, consecutive_failures: 0 });
  // The stored refresh token is good, too: it renews without a reconnect.
  const reconnects = fixture.reconnects();
  await survivor.refresh.refresh(id);
  expect(fixture.reconnects()).toBe(reconnects);
  expect(proxy.mostUsesOfOneToken).toBe(1);
}

describe('processes that want a fresh token at once', () => {
  it('3 processes × 50 callers make one request, and all get its result', async () => {
    const processes = await Promise.all([startChild(), startChild(), startChild()]);
    const row = await expired();
    const got = await Promise.all(
      processes.map((child) => child.tokens({ hookId: row.id, callers: CALLERS })),
    );
    const tokens = got.flat();
    expect(tokens).toHaveLength(3 * CALLERS);
    expect(new Set(tokens).size).toBe(1);
    expect([proxy.tokenRequests, fixture.reconnects()]).toEqual([1, 0]);
    await isWell(row);
  });
});

describe('a process killed in the middle of a refresh', () => {
  it('before its request reached HighLevel: the old token is good, and renews', async () => {
    const [child, row] = [await startChild(), await expired()];
    proxy.play({ kind: 'hold_request' });
    child.begin({ hookId: row.id, callers: 1 });
    await untilHeld();
    await child.kill();
    proxy.letGo();
    expect((await fixture.row(row.id)).settings).toEqual(row.settings);

    await survivor.refresh.freshAccessToken(row.id);
    expect(proxy.spendings.map(({ status }) => status)).toEqual([200]);
    expect(fixture.reconnects()).toBe(0);
    await isWell(row);
  });

  it('after HighLevel answered and before the answer came: the pair is won back, without the user', async () => {
    const [child, row] = [await startChild(), await expired()];
    proxy.play({ kind: 'hold_answer' });
    child.begin({ hookId: row.id, callers: 1 });
    await untilHeld();
    await child.kill();
    expect((await fixture.row(row.id)).settings).toEqual(row.settings);

    await survivor.refresh.freshAccessToken(row.id);
    expect(proxy.spendings.map(({ status }) => status)).toEqual([200, 400]);
    expect(fixture.reconnects()).toBe(1);
    await isWell(row);
  });

  it('with the answer in its hands and before its commit: the pair is won back, without the user', async () => {
    const [child, row] = [await startChild(), await expired()];
    const blocker = database.source.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('lock table ghl.connections in exclusive mode'); // reading goes on
    child.begin({ hookId: row.id, callers: 1 });
    await untilWaiting();
    await child.kill();
    await release(blocker);
    expect(proxy.spendings.map(({ status }) => status)).toEqual([200]);

    await survivor.refresh.freshAccessToken(row.id);
    expect(proxy.spendings.map(({ status }) => status)).toEqual([200, 400]);
    expect(fixture.reconnects()).toBe(1);
    await isWell(row);
  });

  it('after its commit: the pair is there, and is used without asking HighLevel', async () => {
    const [child, row] = [await startChild(), await expired()];
    child.begin({ hookId: row.id, callers: 1 });
    const committed = await eventually(async () => {
      const now = await fixture.row(row.id);
      expect(now.access_token).not.toBe(row.access_token);
      return now;
    });
    await child.kill();

    const token = await survivor.refresh.freshAccessToken(row.id);
    expect(survivor.app.get(TokenVault).open(committed.access_token ?? '', row.id)).toBe(token);
    expect([proxy.tokenRequests, fixture.reconnects()]).toEqual([1, 0]);
    await isWell(row);
  });

  it('while others wait for it: one of them takes over, and all get its token', async () => {
    const [doomed, waiting, row] = [await startChild(), await startChild(), await expired()];
    proxy.play({ kind: 'hold_answer' });
    doomed.begin({ hookId: row.id, callers: 1 });
    await untilHeld();
    const tokens = Promise.all([
      waiting.tokens({ hookId: row.id, callers: CALLERS }),
      Promise.all(Array.from({ length: CALLERS }, () => survivor.refresh.freshAccessToken(row.id))),
    ]);
    await untilWaiting();
    await doomed.kill();

    expect(new Set((await tokens).flat()).size).toBe(1);
    expect(fixture.reconnects()).toBe(1);
    await isWell(row);
  });

  it('at any moment, again and again: nothing is used twice, nothing committed is lost', async () => {
    const row = await expired();
    for (let round = 0; round < KILLED_AT_RANDOM; round += 1) {
      const child = await startChild();
      await fixture.expiresIn(row.id, -1);
      fixture.simulator.faults.add({ kind: 'delay', delayMs: LONGEST_MS / 3, path: '/oauth/token' });
      const before = await fixture.row(row.id);
      child.begin({ hookId: row.id, callers: 3 });
      await sleep((LONGEST_MS * round) / (KILLED_AT_RANDOM - 1));
      await child.kill();
      fixture.simulator.faults.clear();
      const after = await fixture.row(row.id);
      const requests = proxy.tokenRequests;
      const token = await survivor.refresh.freshAccessToken(row.id);
      if (after.access_token !== before.access_token) {
        expect(survivor.app.get(TokenVault).open(after.access_token ?? '', row.id)).toBe(token);
        expect(proxy.tokenRequests).toBe(requests);
      }
    }
    await isWell(row);
  });
});

async function untilHeld(): Promise<void> {
  await eventually(() => {
    expect(proxy.holds).toBe(1);
    return Promise.resolve();
  });
}

async function untilWaiting(): Promise<void> {
  await eventually(async () => {
    const waiting = await database.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(waiting.length).toBeGreaterThan(0);
  });
}

async function release(blocker: QueryRunner): Promise<void> {
  await blocker.rollbackTransaction();
  await blocker.release();
}
