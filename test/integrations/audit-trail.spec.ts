import { AuditHttpModule } from '#libs/audit';
import { TokenRefreshService } from '#libs/integrations';
import { useDatabase } from '../harness/database.js';
import { Browser } from '../oauth/browser.js';
import { ApiFixture, OTHER_ACCOUNT, People } from './api-fixture.js';
import { ConnectionFixture, type Process } from './connection-fixture.js';

interface Entry {
  action: string;
  actor: { kind: string; user_id: number | null; name: string | null };
  outcome: string;
  hook_id: number | null;
  location_id: string | null;
  details: Record<string, unknown>;
  at: string;
}

const PATH = '/api/v1/accounts/1/integrations/ghl';

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;
let worker: Process;
let admin: Browser;
let adminId: number;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people, {}, () => [AuditHttpModule]);
  worker = await fixture.process();
  admin = new Browser(api);
  const [user] = await database.query<{ id: number }>(
    `select id from users where email = 'admin@example.com'`,
  );
  adminId = user!.id;
});
afterEach(async () => {
  await fixture.reset();
  await database.query('truncate ghl.audit_events');
});
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

/** Oldest first. */
async function trail(): Promise<Entry[]> {
  const { status, body } = await api.call('GET', `${PATH}/audit`, { as: 'admin' });
  expect(status).toBe(200);
  return (body['payload'] as Entry[]).toReversed();
}
const person = (): object => ({ kind: 'user', user_id: adminId, name: expect.stringMatching(/./) });
const nobody = { kind: 'system', user_id: null, name: null };
const highLevel = { kind: 'highlevel', user_id: null, name: null };
const connect = (): ReturnType<Browser['connect']> => admin.connect({ location: fixture.locationId() });

async function hookId(): Promise<number> {
  const [row] = await database.query<{ id: number }>('select id from integrations_hooks');
  return row!.id;
}

describe('the audit log', () => {
  it('tells who connected, refreshed and disconnected, and when', async () => {
    await connect();
    const hook_id = await hookId();
    await api.call('POST', `${PATH}/refresh`, { as: 'admin' });
    await fixture.expiresIn(hook_id, -1);
    await worker.refresh.freshAccessToken(hook_id);
    await api.call('DELETE', PATH, { as: 'admin' });
    const about = { hook_id, location_id: fixture.locationId(), outcome: 'success', details: {} };
    expect(await trail()).toMatchObject([
      { ...about, action: 'connection.connect', actor: person() },
      { ...about, action: 'connection.refresh', actor: person() },
      { ...about, action: 'connection.refresh', actor: nobody },
      { ...about, action: 'connection.disconnect', actor: person() },
    ]);
    for (const { at } of await trail()) expect(Date.now() - Date.parse(at)).toBeLessThan(60_000);
  });

  it('tells of each failure why, and once when only a new authorization helps', async () => {
    await connect();
    fixture.simulator.faults.add({ kind: 'status', status: 503, path: '/oauth/token', times: 2 });
    await api.call('POST', `${PATH}/refresh`, { as: 'admin' });
    fixture.simulator.installations.uninstallLocation(fixture.locationId());
    const hook_id = await hookId();
    await fixture.expiresIn(hook_id, -1);
    await database.query('update ghl.connections set next_attempt_at = null');
    for (let asked = 0; asked < 3; asked += 1)
      await expect(worker.refresh.freshAccessToken(hook_id)).rejects.toMatchObject({
        code: 'reauthorization_required',
      });
    const failed = { hook_id, outcome: 'failure' };
    const refused = { reason: 'refresh_token_refused', state: 'reauthorization_required' };
    expect((await trail()).slice(1)).toMatchObject([
      {
        ...failed,
        action: 'connection.refresh',
        actor: person(),
        details: { reason: 'highlevel_unavailable' },
      },
      { ...failed, action: 'connection.refresh', actor: nobody, details: refused },
      { ...failed, action: 'connection.reauthorization_required', actor: nobody, details: refused },
    ]);
    await connect();
    expect((await trail()).at(-1)).toMatchObject({
      action: 'connection.connect',
      outcome: 'success',
      hook_id,
    });
  });

  it('tells of an authorization that led to nothing, once a state', async () => {
    const callback = await admin.approve('deny');
    for (let times = 0; times < 3; times += 1) await admin.follow(callback);
    await new Browser(api, 'stranger', OTHER_ACCOUNT).connect({ location: fixture.locationId() });
    await connect();
    const failed = { action: 'connection.connect', actor: person(), outcome: 'failure', hook_id: null };
    expect(await trail()).toMatchObject([
      { ...failed, details: { reason: 'access_denied' } },
      { ...failed, details: { reason: 'location_already_connected' } },
    ]);
  });

  it('keeps nothing of callbacks whose state was not given out here', async () => {
    for (const state of ['x', 'a.b.c', '']) await api.call('GET', `/ghl/callback?code=c&state=${state}`);
    expect(await database.query('select from ghl.audit_events')).toEqual([]);
  });

  it('tells of an agency, and of what HighLevel itself ended', async () => {
    await admin.connect({ agency: true });
    await connect();
    const { companyId } = fixture.simulator.locations[0]!;
    const hook_id = await hookId();
    await worker.hooks.uninstall({ companyId, at: new Date(Date.now() + 1_000) });
    expect(await trail()).toMatchObject([
      { action: 'agency.connect', actor: person(), outcome: 'success', details: { company_id: companyId } },
      { action: 'connection.connect', hook_id },
      { action: 'connection.uninstall', actor: highLevel, hook_id, location_id: fixture.locationId() },
      { action: 'agency.uninstall', actor: highLevel, details: { company_id: companyId } },
    ]);
  });

  it('has a row for a refresh exactly where its pair was stored', async () => {
    await connect();
    const id = await hookId();
    await database.query(
      `alter table ghl.audit_events add constraint none_of_these check (action <> 'connection.refresh') not valid`,
    );
    const before = await fixture.row(id);
    const refreshing = worker.app.get(TokenRefreshService).refresh(id);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await fixture.row(id)).toEqual(before);
    await database.query('alter table ghl.audit_events drop constraint none_of_these');
    await refreshing;
    expect((await fixture.row(id)).access_token).not.toBe(before.access_token);
    expect((await trail()).map(({ action }) => action)).toEqual(['connection.connect', 'connection.refresh']);
    expect(fixture.tokenRequests(200)).toBe(2); // the code, and one refresh
  });

  it('holds no token, code or state', async () => {
    const callback = await admin.approve({ location: fixture.locationId() });
    await admin.follow(callback);
    await api.call('POST', `${PATH}/refresh`, { as: 'admin' });
    const kept = JSON.stringify(await database.query('select * from ghl.audit_events'));
    for (const name of ['code', 'state'])
      expect(kept).not.toContain(callback.searchParams.get(name) ?? 'missing');
    expect(kept).not.toMatch(/eyJ|\{\\?"p\\?":/);
  });
});
