import { setTimeout as sleep } from 'node:timers/promises';
import { HighLevelClients } from '#libs/integrations';
import { type Process } from './connection-fixture.js';
import { failure, useRefreshers } from './refreshers.js';

const HOUR_SECONDS = 3_600;
const CALLERS = 50;

const refreshers = useRefreshers();

describe('freshAccessToken', () => {
  it('hands out a token that still lasts without asking HighLevel', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    expect(await refreshers.first.refresh.freshAccessToken(hookId)).toBe(
      await refreshers.accessTokenOf(hookId),
    );
    expect(refreshers.connections.tokenRequests()).toBe(0);
  });

  it('renews a token that ends within five minutes, stores the pair sealed and leaves foreign settings alone', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    const before = await refreshers.connections.row(hookId);
    await refreshers.database.source.query(
      `update integrations_hooks set settings = settings || '{"foreign": {"kept": true}}' where id = $1`,
      [hookId],
    );
    await refreshers.connections.expiresIn(hookId, 4 * 60);

    const token = await refreshers.first.refresh.freshAccessToken(hookId);

    const after = await refreshers.connections.row(hookId);
    expect(refreshers.connections.tokenRequests(200)).toBe(1);
    expect(refreshers.vault.open(after.access_token!, hookId)).toBe(token);
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.access_token).toMatch(/^\{"p":/);
    expect(after.settings['refresh_token']).toMatch(/^\{"p":/);
    expect(after.settings['refresh_token']).not.toBe(before.settings['refresh_token']);
    expect(after.settings).toMatchObject({
      foreign: { kept: true },
      location_id: refreshers.connections.locationId(),
      user_type: 'Location',
      connected_at: before.settings['connected_at'],
    });
    expect(Date.parse(String(after.settings['expires_at']))).toBeGreaterThan(
      Date.now() + 23 * HOUR_SECONDS * 1000,
    );
    expect(refreshers.connections.simulator.world.tokens.grantOf(token)).toMatchObject({
      locationId: refreshers.connections.locationId(),
    });
  });

  it('renews a token whose end nobody noted', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.database.source.query(
      `update integrations_hooks set settings = settings - 'expires_at' where id = $1`,
      [hookId],
    );
    await refreshers.first.refresh.freshAccessToken(hookId);
    expect(refreshers.connections.tokenRequests()).toBe(1);
  });

  it("keeps a refresh token in clear where DeskFlow's code must read it", async () => {
    const process = await refreshers.connections.process({ GHL_ENCRYPT_REFRESH_TOKEN: 'false' });
    const hookId = await refreshers.connections.connect(process);
    await refreshers.connections.expiresIn(hookId, 60);
    await process.refresh.freshAccessToken(hookId);
    const { settings, access_token: accessToken } = await refreshers.connections.row(hookId);
    expect(settings['refresh_token']).toMatch(/^[\w.-]+$/);
    expect(accessToken).toMatch(/^\{"p":/);
  });

  it('does not renew tokens that live shorter than the margin at every use', async () => {
    refreshers.connections.simulator.settings.change({ tokenLifetimeSeconds: 240 });
    try {
      const hookId = await refreshers.connections.connect(refreshers.first);
      await refreshers.first.refresh.freshAccessToken(hookId);
      await refreshers.first.refresh.freshAccessToken(hookId);
      expect(refreshers.connections.tokenRequests()).toBe(0);
    } finally {
      refreshers.connections.simulator.settings.change({ tokenLifetimeSeconds: 86_399 });
    }
  });

  it('knows no hook that is gone, disabled or of another app', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.database.source.query(`update integrations_hooks set status = 0 where id = $1`, [
      hookId,
    ]);
    expect(await failure(refreshers.first.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'not_connected',
    });
    await refreshers.database.source.query(
      `update integrations_hooks set status = 1, app_id = 'linear' where id = $1`,
      [hookId],
    );
    expect(await failure(refreshers.first.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'not_connected',
    });
    expect(await failure(refreshers.first.refresh.freshAccessToken(hookId + 1))).toMatchObject({
      code: 'not_connected',
    });
  });

  it('names the hook whose token cannot be decrypted, and sends nothing', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.database.source.query(
      `update integrations_hooks set access_token = '{"p":"AAAA","h":{' where id = $1`,
      [hookId],
    );
    const error = await failure(refreshers.first.refresh.freshAccessToken(hookId));
    expect(error).toMatchObject({ code: 'token_unreadable', fields: { hook_id: hookId } });
    expect(refreshers.connections.tokenRequests()).toBe(0);
  });
});

describe('one exchange for all', () => {
  it('answers 3 processes × 50 callers with one token request', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    refreshers.connections.simulator.faults.add({ kind: 'delay', path: '/oauth/token', delayMs: 300 });

    const callers = refreshers.processes.flatMap(({ refresh }) =>
      Array.from({ length: CALLERS }, () => refresh.freshAccessToken(hookId)),
    );
    const tokens = new Set(await Promise.all(callers));

    expect(tokens).toEqual(new Set([await refreshers.accessTokenOf(hookId)]));
    expect(refreshers.connections.tokenRequests()).toBe(1);
    expect(refreshers.connections.reconnects()).toBe(0);
  });

  it('answers 3 processes × 50 callers whose token was refused with one token request', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    const rejectedToken = await refreshers.accessTokenOf(hookId);
    const callers = refreshers.processes.flatMap(({ refresh }) =>
      Array.from({ length: CALLERS }, () => refresh.refresh(hookId, { rejectedToken })),
    );
    const tokens = new Set(await Promise.all(callers));
    expect(tokens.size).toBe(1);
    expect(tokens).not.toContain(rejectedToken);
    expect(refreshers.connections.tokenRequests()).toBe(1);
  });

  it('uses the stored token when the refused one was replaced already', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    expect(await refreshers.first.refresh.refresh(hookId, { rejectedToken: 'an-older-one' })).toBe(
      await refreshers.accessTokenOf(hookId),
    );
    expect(refreshers.connections.tokenRequests()).toBe(0);
  });

  it('renews when a person asks, although the token still lasts', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    const before = await refreshers.accessTokenOf(hookId);
    expect(await refreshers.first.refresh.refresh(hookId)).not.toBe(before);
    expect(refreshers.connections.tokenRequests()).toBe(1);
  });

  it('asks for few tokens at a time, however many hooks need one', async () => {
    const hookIds = await refreshers.connections.connectMany(refreshers.first, 12);
    refreshers.connections.simulator.faults.add({
      kind: 'delay',
      path: '/oauth/token',
      delayMs: 200,
      times: 12,
    });
    const tokens = await Promise.all(
      hookIds.map((hookId) => refreshers.first.refresh.freshAccessToken(hookId)),
    );
    expect(new Set(tokens).size).toBe(12);
    expect(refreshers.connections.tokenRequests()).toBe(12);
    expect(refreshers.connections.mostTokenRequestsAtOnce()).toBeGreaterThan(1);
    expect(refreshers.connections.mostTokenRequestsAtOnce()).toBeLessThanOrEqual(4);
  });
});

describe('GHL_TOKEN_REFRESH=off', () => {
  let reader: Process;

  beforeAll(async () => {
    reader = await refreshers.connections.process({ GHL_TOKEN_REFRESH: 'off' });
  });

  it("waits for the pair that DeskFlow's job writes, and asks HighLevel for nothing", async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const waiting = reader.refresh.freshAccessToken(hookId);
    await sleep(100);
    expect(refreshers.connections.tokenRequests()).toBe(0);
    const renewed = await refreshers.first.refresh.refresh(hookId);
    expect(await waiting).toBe(renewed);
    expect(refreshers.connections.tokenRequests()).toBe(1);
  });

  it('says so when no fresh one comes', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    const rejectedToken = await refreshers.accessTokenOf(hookId);
    expect(await failure(reader.refresh.refresh(hookId, { rejectedToken }))).toMatchObject({
      code: 'unavailable',
    });
    expect(refreshers.connections.tokenRequests()).toBe(0);
  });

  it('refuses to refresh for a person', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    expect(await failure(reader.refresh.refresh(hookId))).toMatchObject({ code: 'conflict' });
  });
});

describe('HighLevelClients', () => {
  it('renews a refused token once and repeats the call', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    refreshers.connections.simulator.world.tokens.revokeAccess(await refreshers.accessTokenOf(hookId));
    const hook = await refreshers.first.hooks.findById(hookId);

    const location = await refreshers.first.app.get(HighLevelClients).forHook(hook!).locations.get();

    expect(location.id).toBe(refreshers.connections.locationId());
    expect(refreshers.connections.tokenRequests()).toBe(1);
    expect(refreshers.connections.simulator.requests.count('GET', /^\/locations\//)).toBe(2);
  });
});
