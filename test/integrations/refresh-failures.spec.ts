import { failure, useRefreshers } from './refreshers.js';

const HOUR_SECONDS = 3_600;

const refreshers = useRefreshers();

describe('kinds of failure', () => {
  it('asks for a new authorization only when the refresh token and the reconnect are refused', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    const before = await refreshers.connections.row(hookId);
    await refreshers.connections.expiresIn(hookId, -1);
    refreshers.connections.simulator.installations.uninstallLocation(refreshers.connections.locationId());

    const error = await failure(refreshers.first.refresh.freshAccessToken(hookId));

    expect(error).toMatchObject({
      code: 'reauthorization_required',
      fields: { reason: 'refresh_token_refused' },
    });
    const after = await refreshers.connections.row(hookId);
    expect(after).toMatchObject({
      status: 1,
      state: 'reauthorization_required',
      reason: 'refresh_token_refused',
    });
    expect(after.since).toBeInstanceOf(Date);
    expect(after.settings['refresh_token']).toBe(before.settings['refresh_token']);
    expect(refreshers.connections.reconnects()).toBe(1);

    refreshers.connections.simulator.requests.clear();
    for (const again of [
      refreshers.first.refresh.freshAccessToken(hookId),
      refreshers.first.refresh.refresh(hookId),
    ]) {
      expect(await failure(again)).toMatchObject({ code: 'reauthorization_required' });
    }
    expect(refreshers.connections.tokenRequests() + refreshers.connections.reconnects()).toBe(0);
  });

  it('keeps the token of a suspended location, waits for hours and resumes', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    const before = await refreshers.connections.row(hookId);
    await refreshers.connections.expiresIn(hookId, 120);
    refreshers.connections.setActive(false);

    expect(await refreshers.first.refresh.freshAccessToken(hookId)).toBe(
      refreshers.vault.open(before.access_token!, hookId),
    );
    const suspended = await refreshers.connections.row(hookId);
    expect(suspended).toMatchObject({ status: 1, state: 'suspended', reason: 'location_not_active' });
    expect(suspended.settings['refresh_token']).toBe(before.settings['refresh_token']);
    expect(suspended.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 2 * HOUR_SECONDS * 1000);

    await refreshers.connections.expiresIn(hookId, -1);
    expect(await failure(refreshers.first.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'highlevel_refused',
      fields: { reason: 'location_not_active' },
    });
    expect(refreshers.connections.tokenRequests()).toBe(1);

    refreshers.connections.setActive(true);
    await refreshers.first.refresh.refresh(hookId);
    expect(await refreshers.connections.row(hookId)).toMatchObject({
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
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    refreshers.connections.simulator.faults.add({ ...fault, path: '/oauth/token', times: 2 });

    const errors = await Promise.all(
      refreshers.processes.flatMap(({ refresh }) =>
        [1, 2, 3].map(() => failure(refresh.freshAccessToken(hookId))),
      ),
    );

    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['highlevel_unavailable']));
    expect(refreshers.connections.tokenRequests()).toBe(requests);
    const failed = await refreshers.connections.row(hookId);
    expect(failed).toMatchObject({
      status: 1,
      state: 'connected',
      reason: 'highlevel_unavailable',
      consecutive_failures: 1,
    });
    expect(failed.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 10_000);

    refreshers.connections.simulator.faults.clear();
    await refreshers.first.refresh.refresh(hookId);
    expect(await refreshers.connections.row(hookId)).toMatchObject({
      reason: null,
      consecutive_failures: 0,
      next_attempt_at: null,
    });
  });

  it('waits as long as HighLevel asks', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    refreshers.connections.simulator.faults.add({
      kind: 'rate_limit',
      retryAfter: 120,
      path: '/oauth/token',
    });
    await failure(refreshers.first.refresh.freshAccessToken(hookId));
    const { next_attempt_at: next } = await refreshers.connections.row(hookId);
    expect(next!.getTime()).toBeGreaterThan(Date.now() + 110_000);
  });

  it('hands out the token at hand while it lasts, whatever HighLevel answers', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, 120);
    refreshers.connections.simulator.faults.add({
      kind: 'status',
      status: 503,
      path: '/oauth/token',
      times: 10,
    });
    const token = await refreshers.accessTokenOf(hookId);
    expect(await refreshers.first.refresh.freshAccessToken(hookId)).toBe(token);
    expect(await refreshers.first.refresh.freshAccessToken(hookId)).toBe(token);
    expect(refreshers.connections.tokenRequests()).toBe(2);
  });

  it('does not give up a connection for wrong client credentials', async () => {
    const process = await refreshers.connections.process({ GHL_CLIENT_SECRET: 'another-secret' });
    const hookId = await refreshers.connections.connect(process);
    await refreshers.connections.expiresIn(hookId, -1);
    expect(await failure(process.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'highlevel_unavailable',
    });
    expect(await refreshers.connections.row(hookId)).toMatchObject({
      state: 'connected',
      reason: 'credentials_refused',
    });
    expect(refreshers.connections.reconnects()).toBe(0);
  });

  it('tries a reconnect again later when HighLevel does not answer it', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const { settings } = await refreshers.connections.row(hookId);
    refreshers.connections.simulator.world.tokens.takeRefresh(
      refreshers.vault.open(String(settings['refresh_token']), hookId),
    );
    refreshers.connections.simulator.faults.add({ kind: 'status', status: 502, path: '/oauth/reconnect' });

    expect(await failure(refreshers.first.refresh.freshAccessToken(hookId))).toMatchObject({
      code: 'highlevel_unavailable',
    });
    expect(await refreshers.connections.row(hookId)).toMatchObject({ state: 'connected' });
    await refreshers.first.refresh.refresh(hookId);
    expect(await refreshers.connections.row(hookId)).toMatchObject({ state: 'connected', reason: null });
  });
});
