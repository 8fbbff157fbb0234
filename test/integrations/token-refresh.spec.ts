import { setTimeout as sleep } from 'node:timers/promises';
import { type DomainError } from '#libs/errors';
import { HighLevelClients, TokenVault } from '#libs/integrations';
import { ConnectionFixture, type Process } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const HOUR_SECONDS = 3_600;
const CALLERS = 50;

const database = useDatabase();
let fixture: ConnectionFixture;
let processes: Process[];
let first: Process;
let vault: TokenVault;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  processes = await Promise.all([1, 2, 3].map(() => fixture.process()));
  first = processes[0]!;
  vault = first.app.get(TokenVault);
});
afterEach(() => fixture.reset());
afterAll(() => fixture.stop());

const accessTokenOf = async (hookId: number): Promise<string> =>
  vault.open((await fixture.row(hookId)).access_token ?? '', hookId);

async function failure(work: Promise<unknown>): Promise<DomainError> {
  try {
    await work;
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('it did not fail');
}

describe('freshAccessToken', () => {
  it('hands out a token that still lasts without asking HighLevel', async () => {
    const hookId = await fixture.connect(first);
    expect(await first.refresh.freshAccessToken(hookId)).toBe(await accessTokenOf(hookId));
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('renews a token that ends within five minutes, stores the pair sealed and leaves foreign settings alone', async () => {
    const hookId = await fixture.connect(first);
    const before = await fixture.row(hookId);
    await database.source.query(
      `update integrations_hooks set settings = settings || '{"foreign": {"kept": true}}' where id = $1`,
      [hookId],
    );
    await fixture.expiresIn(hookId, 4 * 60);

    const token = await first.refresh.freshAccessToken(hookId);

    const after = await fixture.row(hookId);
    expect(fixture.tokenRequests(200)).toBe(1);
    expect(vault.open(after.access_token!, hookId)).toBe(token);
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.access_token).toMatch(/^\{"p":/);
    expect(after.settings['refresh_token']).toMatch(/^\{"p":/);
    expect(after.settings['refresh_token']).not.toBe(before.settings['refresh_token']);
    expect(after.settings).toMatchObject({
      foreign: { kept: true },
      location_id: fixture.locationId(),
      user_type: 'Location',
      connected_at: before.settings['connected_at'],
    });
    expect(Date.parse(String(after.settings['expires_at']))).toBeGreaterThan(
      Date.now() + 23 * HOUR_SECONDS * 1000,
    );
    expect(fixture.simulator.world.tokens.grantOf(token)).toMatchObject({ locationId: fixture.locationId() });
  });

  it('renews a token whose end nobody noted', async () => {
    const hookId = await fixture.connect(first);
    await database.source.query(
      `update integrations_hooks set settings = settings - 'expires_at' where id = $1`,
      [hookId],
    );
    await first.refresh.freshAccessToken(hookId);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it("keeps a refresh token in clear where DeskFlow's code must read it", async () => {
    const process = await fixture.process({ GHL_ENCRYPT_REFRESH_TOKEN: 'false' });
    const hookId = await fixture.connect(process);
    await fixture.expiresIn(hookId, 60);
    await process.refresh.freshAccessToken(hookId);
    const { settings, access_token: accessToken } = await fixture.row(hookId);
    expect(settings['refresh_token']).toMatch(/^[\w.-]+$/);
    expect(accessToken).toMatch(/^\{"p":/);
  });

  it('does not renew tokens that live shorter than the margin at every use', async () => {
    fixture.simulator.settings.change({ tokenLifetimeSeconds: 240 });
    try {
      const hookId = await fixture.connect(first);
      await first.refresh.freshAccessToken(hookId);
      await first.refresh.freshAccessToken(hookId);
      expect(fixture.tokenRequests()).toBe(0);
    } finally {
      fixture.simulator.settings.change({ tokenLifetimeSeconds: 86_399 });
    }
  });

  it('knows no hook that is gone, disabled or of another app', async () => {
    const hookId = await fixture.connect(first);
    await database.source.query(`update integrations_hooks set status = 0 where id = $1`, [hookId]);
    expect(await failure(first.refresh.freshAccessToken(hookId))).toMatchObject({ code: 'not_connected' });
    await database.source.query(`update integrations_hooks set status = 1, app_id = 'linear' where id = $1`, [
      hookId,
    ]);
    expect(await failure(first.refresh.freshAccessToken(hookId))).toMatchObject({ code: 'not_connected' });
    expect(await failure(first.refresh.freshAccessToken(hookId + 1))).toMatchObject({
      code: 'not_connected',
    });
  });

  it('names the hook whose token cannot be decrypted, and sends nothing', async () => {
    const hookId = await fixture.connect(first);
    await database.source.query(
      `update integrations_hooks set access_token = '{"p":"AAAA","h":{' where id = $1`,
      [hookId],
    );
    const error = await failure(first.refresh.freshAccessToken(hookId));
    expect(error).toMatchObject({ code: 'token_unreadable', fields: { hook_id: hookId } });
    expect(fixture.tokenRequests()).toBe(0);
  });
});

describe('one exchange for all', () => {
  it('answers 3 processes × 50 callers with one token request', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 300 });

    const callers = processes.flatMap(({ refresh }) =>
      Array.from({ length: CALLERS }, () => refresh.freshAccessToken(hookId)),
    );
    const tokens = new Set(await Promise.all(callers));

    expect(tokens).toEqual(new Set([await accessTokenOf(hookId)]));
    expect(fixture.tokenRequests()).toBe(1);
    expect(fixture.reconnects()).toBe(0);
  });

  it('answers 3 processes × 50 callers whose token was refused with one token request', async () => {
    const hookId = await fixture.connect(first);
    const rejectedToken = await accessTokenOf(hookId);
    const callers = processes.flatMap(({ refresh }) =>
      Array.from({ length: CALLERS }, () => refresh.refresh(hookId, { rejectedToken })),
    );
    const tokens = new Set(await Promise.all(callers));
    expect(tokens.size).toBe(1);
    expect(tokens).not.toContain(rejectedToken);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('uses the stored token when the refused one was replaced already', async () => {
    const hookId = await fixture.connect(first);
    expect(await first.refresh.refresh(hookId, { rejectedToken: 'an-older-one' })).toBe(
      await accessTokenOf(hookId),
    );
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('renews when a person asks, although the token still lasts', async () => {
    const hookId = await fixture.connect(first);
    const before = await accessTokenOf(hookId);
    expect(await first.refresh.refresh(hookId)).not.toBe(before);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('asks for few tokens at a time, however many hooks need one', async () => {
    const hookIds = await fixture.connectMany(first, 12);
    fixture.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 200, times: 12 });
    const tokens = await Promise.all(hookIds.map((hookId) => first.refresh.freshAccessToken(hookId)));
    expect(new Set(tokens).size).toBe(12);
    expect(fixture.tokenRequests()).toBe(12);
    expect(fixture.mostTokenRequestsAtOnce()).toBeGreaterThan(1);
    expect(fixture.mostTokenRequestsAtOnce()).toBeLessThanOrEqual(4);
  });
});

describe('a pair that was lost', () => {
  it('is asked for once more, then won back by a reconnect, when the answer never arrives', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'lose_answer', path: '/oauth/token' });

    const token = await first.refresh.freshAccessToken(hookId);

    expect(fixture.simulator.world.tokens.grantOf(token)).toBeDefined();
    expect(fixture.reconnects()).toBe(1);
    expect(fixture.tokenRequests()).toBe(3); // lost, refused, code
    expect(await fixture.row(hookId)).toMatchObject({
      state: 'connected',
      reason: null,
      consecutive_failures: 0,
    });
  });

  it('is won back at the next attempt when the process died before its commit', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    const { settings } = await fixture.row(hookId);
    // What a process does that is killed between HighLevel's answer and its commit: the token is used up, the row as it was.
    fixture.simulator.world.tokens.takeRefresh(vault.open(String(settings['refresh_token']), hookId));

    const token = await processes[1]!.refresh.freshAccessToken(hookId);

    expect(fixture.simulator.world.tokens.grantOf(token)).toBeDefined();
    expect(fixture.reconnects()).toBe(1);
    expect(await fixture.row(hookId)).toMatchObject({ status: 1, state: 'connected' });
  });

  it('is committed on another connection when the first one dies after the answer', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 600 });

    const refreshing = first.refresh.freshAccessToken(hookId);
    await killLockHolder();
    const token = await refreshing;

    expect(await accessTokenOf(hookId)).toBe(token);
    expect(fixture.tokenRequests()).toBe(1);
    expect(await fixture.row(hookId)).toMatchObject({ state: 'connected', consecutive_failures: 0 });
  });

  it('gives way to the pair another process stored after the connection died', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 600 });

    const refreshing = first.refresh.freshAccessToken(hookId);
    await killLockHolder();
    const other = await processes[1]!.refresh.freshAccessToken(hookId);

    expect(await refreshing).toBe(other);
    expect(await accessTokenOf(hookId)).toBe(other);
    expect(fixture.simulator.world.tokens.grantOf(other)).toBeDefined();
  });

  it('is stored as soon as the database takes it, before anything else', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 300 });

    const refreshing = first.refresh.freshAccessToken(hookId);
    await sleep(150);
    await database.source.query('alter table ghl.connections rename to away');
    await sleep(600);
    await database.source.query('alter table ghl.away rename to connections');

    expect(await refreshing).toBe(await accessTokenOf(hookId));
    expect(fixture.tokenRequests()).toBe(1);
    expect(await fixture.row(hookId)).toMatchObject({ state: 'connected', consecutive_failures: 0 });
  });

  it('is not stored for a connection that was removed meanwhile', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 600 });

    const refreshing = failure(first.refresh.freshAccessToken(hookId));
    await killLockHolder();
    await first.hooks.disconnect(1);

    expect(await refreshing).toMatchObject({ code: 'not_connected' });
    expect(await database.source.query('select from integrations_hooks')).toEqual([]);
    expect(await database.source.query('select from ghl.connections')).toEqual([]);
  });

  /** Ends the connection that idles in its transaction while HighLevel is being asked: its last statement read the tokens. */
  async function killLockHolder(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const killed = await database.source.query<unknown[]>(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and state = 'idle in transaction' and query like '%left join ghl.connections%'`,
      );
      if (killed.length > 0) return;
      await sleep(10);
    }
    throw new Error('nobody holds the lock');
  }
});

describe('kinds of failure', () => {
  it('asks for a new authorization only when the refresh token and the reconnect are refused', async () => {
    const hookId = await fixture.connect(first);
    const before = await fixture.row(hookId);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.installations.uninstallLocation(fixture.locationId());

    const error = await failure(first.refresh.freshAccessToken(hookId));

    expect(error).toMatchObject({
      code: 'reauthorization_required',
      fields: { reason: 'refresh_token_refused' },
    });
    const after = await fixture.row(hookId);
    expect(after).toMatchObject({
      status: 1,
      state: 'reauthorization_required',
      reason: 'refresh_token_refused',
    });
    expect(after.since).toBeInstanceOf(Date);
    expect(after.settings['refresh_token']).toBe(before.settings['refresh_token']);
    expect(fixture.reconnects()).toBe(1);

    fixture.simulator.requests.clear();
    for (const again of [first.refresh.freshAccessToken(hookId), first.refresh.refresh(hookId)]) {
      expect(await failure(again)).toMatchObject({ code: 'reauthorization_required' });
    }
    expect(fixture.tokenRequests() + fixture.reconnects()).toBe(0);
  });

  it('keeps the token of a suspended location, waits for hours and resumes', async () => {
    const hookId = await fixture.connect(first);
    const before = await fixture.row(hookId);
    await fixture.expiresIn(hookId, 120);
    fixture.setActive(false);

    expect(await first.refresh.freshAccessToken(hookId)).toBe(vault.open(before.access_token!, hookId));
    const suspended = await fixture.row(hookId);
    expect(suspended).toMatchObject({ status: 1, state: 'suspended', reason: 'location_not_active' });
    expect(suspended.settings['refresh_token']).toBe(before.settings['refresh_token']);
    expect(suspended.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 2 * HOUR_SECONDS * 1000);

    await fixture.expiresIn(hookId, -1);
    expect(await failure(first.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'highlevel_refused',
      fields: { reason: 'location_not_active' },
    });
    expect(fixture.tokenRequests()).toBe(1);

    fixture.setActive(true);
    await first.refresh.refresh(hookId);
    expect(await fixture.row(hookId)).toMatchObject({
      state: 'connected',
      reason: null,
      next_attempt_at: null,
    });
  });

  it.each([
    ['a server error', { kind: 'status', status: 500 }, 2],
    ['too many requests', { kind: 'rate_limit', retryAfter: 120 }, 1],
    ['a page instead of JSON', { kind: 'garbage' }, 2],
    ['a dropped connection', { kind: 'drop_connection' }, 2],
    [
      'an unknown refusal',
      { kind: 'status', status: 400, body: { statusCode: 400, message: 'Something new' } },
      1,
    ],
  ] as const)('counts %s, backs off, and forgets it after a success', async (_case, fault, requests) => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ ...fault, path: '/oauth/token', times: 2 });

    const errors = await Promise.all(
      processes.flatMap(({ refresh }) => [1, 2, 3].map(() => failure(refresh.freshAccessToken(hookId)))),
    );

    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['highlevel_unavailable']));
    expect(fixture.tokenRequests()).toBe(requests);
    const failed = await fixture.row(hookId);
    expect(failed).toMatchObject({
      status: 1,
      state: 'connected',
      reason: 'highlevel_unavailable',
      consecutive_failures: 1,
    });
    expect(failed.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 10_000);

    fixture.simulator.faults.clear();
    await first.refresh.refresh(hookId);
    expect(await fixture.row(hookId)).toMatchObject({
      reason: null,
      consecutive_failures: 0,
      next_attempt_at: null,
    });
  });

  it('waits as long as HighLevel asks', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    fixture.simulator.faults.add({ kind: 'rate_limit', retryAfter: 120, path: '/oauth/token' });
    await failure(first.refresh.freshAccessToken(hookId));
    const { next_attempt_at: next } = await fixture.row(hookId);
    expect(next!.getTime()).toBeGreaterThan(Date.now() + 110_000);
  });

  it('hands out the token at hand while it lasts, whatever HighLevel answers', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, 120);
    fixture.simulator.faults.add({ kind: 'status', status: 503, path: '/oauth/token', times: 10 });
    const token = await accessTokenOf(hookId);
    expect(await first.refresh.freshAccessToken(hookId)).toBe(token);
    expect(await first.refresh.freshAccessToken(hookId)).toBe(token);
    expect(fixture.tokenRequests()).toBe(2);
  });

  it('does not give up a connection for wrong client credentials', async () => {
    const process = await fixture.process({ GHL_CLIENT_SECRET: 'another-secret' });
    const hookId = await fixture.connect(process);
    await fixture.expiresIn(hookId, -1);
    expect(await failure(process.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'highlevel_unavailable',
    });
    expect(await fixture.row(hookId)).toMatchObject({ state: 'connected', reason: 'credentials_refused' });
    expect(fixture.reconnects()).toBe(0);
  });

  it('tries a reconnect again later when HighLevel does not answer it', async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    const { settings } = await fixture.row(hookId);
    fixture.simulator.world.tokens.takeRefresh(vault.open(String(settings['refresh_token']), hookId));
    fixture.simulator.faults.add({ kind: 'status', status: 502, path: '/oauth/reconnect' });

    expect(await failure(first.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'highlevel_unavailable',
    });
    expect(await fixture.row(hookId)).toMatchObject({ state: 'connected' });
    await first.refresh.refresh(hookId);
    expect(await fixture.row(hookId)).toMatchObject({ state: 'connected', reason: null });
  });
});

describe('GHL_TOKEN_REFRESH=off', () => {
  let reader: Process;

  beforeAll(async () => {
    reader = await fixture.process({ GHL_TOKEN_REFRESH: 'off' });
  });

  it("waits for the pair that DeskFlow's job writes, and asks HighLevel for nothing", async () => {
    const hookId = await fixture.connect(first);
    await fixture.expiresIn(hookId, -1);
    const waiting = reader.refresh.freshAccessToken(hookId);
    await sleep(100);
    expect(fixture.tokenRequests()).toBe(0);
    const renewed = await first.refresh.refresh(hookId);
    expect(await waiting).toBe(renewed);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('says so when no fresh one comes', async () => {
    const hookId = await fixture.connect(first);
    const rejectedToken = await accessTokenOf(hookId);
    expect(await failure(reader.refresh.refresh(hookId, { rejectedToken }))).toMatchObject({
      code: 'unavailable',
    });
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('refuses to refresh for a person', async () => {
    const hookId = await fixture.connect(first);
    expect(await failure(reader.refresh.refresh(hookId))).toMatchObject({ code: 'conflict' });
  });
});

describe('HighLevelClients', () => {
  it('renews a refused token once and repeats the call', async () => {
    const hookId = await fixture.connect(first);
    fixture.simulator.world.tokens.revokeAccess(await accessTokenOf(hookId));
    const hook = await first.hooks.findById(hookId);

    const location = await first.app.get(HighLevelClients).forHook(hook!).locations.get();

    expect(location.id).toBe(fixture.locationId());
    expect(fixture.tokenRequests()).toBe(1);
    expect(fixture.simulator.requests.count('GET', /^\/locations\//)).toBe(2);
  });
});
