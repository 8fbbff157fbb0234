import { setTimeout as sleep } from 'node:timers/promises';
import { holdCall } from '../harness/held-call.js';
import { failure, useRefreshers } from './refreshers.js';

const refreshers = useRefreshers();

describe('a pair that was lost', () => {
  it('is asked for once more, then won back by a reconnect, when the answer never arrives', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    refreshers.connections.simulator.faults.add({ kind: 'lose_answer', path: '/oauth/token' });

    const token = await refreshers.first.refresh.freshAccessToken(hookId);

    expect(refreshers.connections.simulator.world.tokens.grantOf(token)).toBeDefined();
    expect(refreshers.connections.reconnects()).toBe(1);
    expect(refreshers.connections.tokenRequests()).toBe(3); // lost, refused, code
    expect(await refreshers.connections.row(hookId)).toMatchObject({
      state: 'connected',
      reason: null,
      consecutive_failures: 0,
    });
  });

  it('is won back at the next attempt when the process died before its commit', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const { settings } = await refreshers.connections.row(hookId);
    // What a process does that is killed between HighLevel's answer and its commit: the token is used up, the row as it was.
    refreshers.connections.simulator.world.tokens.takeRefresh(
      refreshers.vault.open(String(settings['refresh_token']), hookId),
    );

    const token = await refreshers.processes[1]!.refresh.freshAccessToken(hookId);

    expect(refreshers.connections.simulator.world.tokens.grantOf(token)).toBeDefined();
    expect(refreshers.connections.reconnects()).toBe(1);
    expect(await refreshers.connections.row(hookId)).toMatchObject({ status: 1, state: 'connected' });
  });

  it('is committed on another connection when the first one dies after the answer', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const call = holdCall(refreshers.connections.simulator.faults, { path: '/oauth/token' });

    const refreshing = refreshers.first.refresh.freshAccessToken(hookId);
    await call.arrived();
    await killLockHolder();
    call.letGo();
    const token = await refreshing;

    expect(await refreshers.accessTokenOf(hookId)).toBe(token);
    expect(refreshers.connections.tokenRequests()).toBe(1);
    expect(await refreshers.connections.row(hookId)).toMatchObject({
      state: 'connected',
      consecutive_failures: 0,
    });
  });

  it('gives way to the pair another process stored after the connection died', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const call = holdCall(refreshers.connections.simulator.faults, { path: '/oauth/token' });

    const refreshing = refreshers.first.refresh.freshAccessToken(hookId);
    await call.arrived();
    await killLockHolder();
    const other = await refreshers.processes[1]!.refresh.freshAccessToken(hookId);
    call.letGo();

    expect(await refreshing).toBe(other);
    expect(await refreshers.accessTokenOf(hookId)).toBe(other);
    expect(refreshers.connections.simulator.world.tokens.grantOf(other)).toBeDefined();
  });

  it('is stored as soon as the database takes it, before anything else', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const call = holdCall(refreshers.connections.simulator.faults, { path: '/oauth/token' });

    const refreshing = refreshers.first.refresh.freshAccessToken(hookId);
    await call.arrived();
    await refreshers.database.source.query('alter table ghl.connections rename to away');
    call.letGo();
    await sleep(600); // it tries, and fails, to store the pair
    await refreshers.database.source.query('alter table ghl.away rename to connections');

    expect(await refreshing).toBe(await refreshers.accessTokenOf(hookId));
    expect(refreshers.connections.tokenRequests()).toBe(1);
    expect(await refreshers.connections.row(hookId)).toMatchObject({
      state: 'connected',
      consecutive_failures: 0,
    });
  });

  it('is not stored for a connection that was removed meanwhile', async () => {
    const hookId = await refreshers.connections.connect(refreshers.first);
    await refreshers.connections.expiresIn(hookId, -1);
    const call = holdCall(refreshers.connections.simulator.faults, { path: '/oauth/token' });

    const refreshing = failure(refreshers.first.refresh.freshAccessToken(hookId));
    await call.arrived();
    await killLockHolder();
    await refreshers.first.hooks.disconnect(1);
    call.letGo();

    expect(await refreshing).toMatchObject({ code: 'not_connected' });
    expect(await refreshers.database.source.query('select from integrations_hooks')).toEqual([]);
    expect(await refreshers.database.source.query('select from ghl.connections')).toEqual([]);
  });

  /** Ends the connection that idles in its transaction while HighLevel is being asked: its last statement read the tokens. */
  async function killLockHolder(): Promise<void> {
    const killed = await refreshers.database.source.query<unknown[]>(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction' and query like '%left join ghl.connections%'`,
    );
    expect(killed).toHaveLength(1);
  }
});
