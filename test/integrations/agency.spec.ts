import { ScheduleModule } from '@nestjs/schedule';
import { SCOPES } from '#libs/highlevel';
import { TokenVault } from '#libs/integrations';
import { QueueModule } from '#libs/queue';
import { WebhooksModule, WebhooksWorkerModule } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Browser } from '../oauth/browser.js';
import { type Answer, ApiFixture, OTHER_ACCOUNT, People, type Person } from './api-fixture.js';
import { ConnectionFixture, type HookRow, type Process } from './connection-fixture.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/locations';
const AGENCY_SCOPES = 'oauth.readonly oauth.write';

const database = useDatabase();
let fixture: ConnectionFixture;
let people: People;
/** API and worker in one, with HighLevel's webhooks coming in. */
let api: ApiFixture;
let other: Process;
let admin: Browser;
let companyId: string;
let ids: readonly string[];

beforeAll(async () => {
  people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  other = await fixture.process();
  api = await ApiFixture.start(
    fixture,
    people,
    { GHL_EXTRA_SCOPES: AGENCY_SCOPES, GHL_WEBHOOK_PUBLIC_KEYS: fixture.simulator.publicKeyPem },
    (config) => [
      ScheduleModule.forRoot(),
      QueueModule.register(config),
      WebhooksModule,
      WebhooksWorkerModule,
    ],
  );
  admin = new Browser(api);
  fixture.simulator.settings.change({ webhookUrl: `${api.url}/webhooks/ghl` });
  ids = fixture.simulator.locations.map(({ id }) => id);
  companyId = fixture.simulator.locations[0]!.companyId;
});
afterEach(async () => {
  fixture.simulator.settings.change({ mintsRefreshTokens: true });
  fixture.simulator.world.uninstallCompany(companyId);
  await fixture.simulator.webhooks.idle();
  await fixture.reset();
});
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

const list = (query = '', as: Person = 'admin'): Promise<Answer> => api.call('GET', PATH + query, { as });
const choose = (locationIds: unknown, more: object = {}, as: Person = 'admin'): Promise<Answer> =>
  api.call('POST', PATH, { as, body: { location_ids: locationIds, ...more } });
const authorize = (approved: readonly string[] = ids, andLaterOnes = false): ReturnType<Browser['connect']> =>
  admin.connect({ agency: true, approved, andLaterOnes });
const mintings = (status?: number): number =>
  fixture.simulator.requests.count('POST', '/oauth/locationToken', status);

async function hookOf(locationId: string): Promise<HookRow> {
  const [hook] = await database.query<{ id: number }>(
    'select id from integrations_hooks where reference_id = $1',
    [locationId],
  );
  return fixture.row(hook?.id ?? 0);
}

async function hooks(): Promise<string[]> {
  const rows = await database.query<{ reference_id: string }>(
    'select reference_id from integrations_hooks where status = 1 order by id',
  );
  return rows.map(({ reference_id }) => reference_id);
}

/** How the INSTALLs ended that named a location, by location. */
async function installs(): Promise<Record<string, string>> {
  const rows = await database.query<{ location_id: string; state: string; reason: string | null }>(
    `select location_id, state, reason from ghl.inbox where type = 'INSTALL' and location_id is not null`,
  );
  return Object.fromEntries(
    rows.map(({ location_id, state, reason }) => [location_id, reason ? `${state} ${reason}` : state]),
  );
}

async function agencyTokenEnds(): Promise<void> {
  await database.query(
    `update ghl.agencies set expires_at = now(), last_refreshed_at = now() - interval '1 day'`,
  );
}

/** The agency removes the app, and the UNINSTALL gets lost. */
function removedUnheard(): void {
  fixture.simulator.settings.change({ webhookUrl: null });
  fixture.simulator.world.uninstallCompany(companyId);
  fixture.simulator.settings.change({ webhookUrl: `${api.url}/webhooks/ghl` });
}

const tokenOf = ({ id, access_token }: HookRow): string =>
  other.app.get(TokenVault).open(access_token ?? '', id);

describe('GET …/integrations/ghl/locations', () => {
  it('is empty as long as no agency has authorized the app', async () => {
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body).toEqual({ agencies: [], payload: [], meta: { count: 0, next_offset: null } });
    expect(fixture.simulator.requests.list()).toEqual([]);
  });

  it("lists the agency's locations, whether the app is there, and who has them", async () => {
    const { target } = await authorize(ids.slice(0, 2));
    expect(target.searchParams.get('agency')).toBe(companyId);
    await choose([ids[0]]);
    const stranger = new Browser(api, 'stranger', OTHER_ACCOUNT);
    await stranger.connect({ location: ids[2]! });

    const { status, body } = await list();
    expect(status).toBe(200);
    const names = fixture.simulator.locations.map(({ name }) => name);
    expect(body).toEqual({
      agencies: [
        {
          company_id: companyId,
          installed_at: expect.any(String),
          install_to_future_locations: false,
          state: 'connected',
          reason: null,
          reauthorization_required: false,
          missing_scopes: [],
        },
      ],
      payload: [
        expect.objectContaining({
          name: names[0],
          installed: true,
          connected: true,
          held_by: 'this_account',
        }),
        expect.objectContaining({ location_id: ids[1], installed: true, connected: false, held_by: null }),
        expect.objectContaining({ installed: true, connected: false, held_by: 'another_account' }),
      ],
      meta: { count: 3, next_offset: null },
    });
  });

  it('shows a part at a time, by name if wanted', async () => {
    await authorize();
    const first = await list('?limit=2');
    expect(first.body).toMatchObject({ meta: { count: 3, next_offset: 2 } });
    expect(first.body['payload']).toHaveLength(2);
    const second = await list('?limit=2&offset=2');
    expect(second.body).toMatchObject({ payload: [{ location_id: ids[2] }], meta: { next_offset: null } });
    const { name } = fixture.simulator.locations[1]!;
    expect((await list(`?q=${encodeURIComponent(name.slice(0, 6))}`)).body).toMatchObject({
      payload: [{ location_id: ids[1] }],
      meta: { count: 1 },
    });
  });

  it.each([
    '?limit=0',
    '?limit=101',
    '?offset=-1',
    '?offset=1e3',
    '?company_id=a/b',
    `?q=${'x'.repeat(101)}`,
  ])('refuses %s', async (query) => {
    expect(await list(query)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('shows an agency to the account that has it, and to its administrators only', async () => {
    await authorize();
    for (const as of ['agent', 'stranger'] as const) expect((await list('', as)).status).toBe(401);
    const theirs = await api.call('GET', PATH.replace('/1/', '/2/'), { as: 'stranger' });
    expect(theirs.body).toMatchObject({ agencies: [], payload: [] });
    const named = await api.call('GET', `${PATH.replace('/1/', '/2/')}?company_id=${companyId}`, {
      as: 'stranger',
    });
    expect(named).toMatchObject({ status: 404, body: { code: 'not_connected' } });
  });

  it('says which scopes the agency has to grant', async () => {
    const poor = await ApiFixture.start(fixture, people);
    try {
      await new Browser(poor).connect({ agency: true });
      const { status, body } = await list();
      expect(status).toBe(422);
      expect(body).toMatchObject({
        code: 'highlevel_refused',
        error: expect.stringContaining('oauth.readonly'),
        details: { company_id: companyId, reason: 'scope_missing' },
      });
    } finally {
      await poor.stop();
    }
  });
});

describe("an agency's own token", () => {
  it('is renewed once when it ends, however many calls need it', async () => {
    await authorize();
    await agencyTokenEnds();
    fixture.simulator.requests.clear();
    const answers = await Promise.all(Array.from({ length: 10 }, () => list()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(fixture.tokenRequests()).toBe(1);
    expect((await list()).status).toBe(200);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('is renewed once, and the call repeated once, when HighLevel refuses it', async () => {
    await authorize();
    fixture.simulator.requests.clear();
    fixture.simulator.faults.add({ kind: 'revoke_token', path: '/oauth/installedLocations' });
    expect((await list()).status).toBe(200);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('is won back without the agency when its pair was lost', async () => {
    await authorize();
    await agencyTokenEnds();
    fixture.simulator.faults.add({ kind: 'lose_answer', path: '/oauth/token' });
    expect((await list()).status).toBe(200);
    expect(fixture.reconnects()).toBe(1);
  });

  it('asks for the agency again when nothing helps, and waits while HighLevel does not answer', async () => {
    await authorize();
    await agencyTokenEnds();
    fixture.simulator.faults.add({ kind: 'status', status: 503, path: '/oauth/token', times: 2 });
    expect(await list()).toMatchObject({ status: 502, body: { code: 'highlevel_unavailable' } });
    expect(await list()).toMatchObject({ status: 502 });
    expect(fixture.tokenRequests(503)).toBe(2); // no storm
    await database.query('update ghl.agencies set next_attempt_at = null');
    removedUnheard();
    expect(await list()).toMatchObject({
      status: 422,
      body: { code: 'reauthorization_required', details: { company_id: companyId } },
    });
  });

  it('names the agency where it cannot be decrypted, and sends nothing', async () => {
    await authorize();
    await database.query(`update ghl.agencies set access_token = '{"p":"AAAA","h":{'`);
    fixture.simulator.requests.clear();
    expect(await list()).toMatchObject({
      status: 500,
      body: { code: 'token_unreadable', details: { company_id: companyId } },
    });
    expect(fixture.simulator.requests.list()).toEqual([]);
  });
});

describe('POST …/integrations/ghl/locations', () => {
  it('connects what was chosen, each with a token of its own', async () => {
    await authorize();
    const { status, body } = await choose([ids[2], ids[0]]);
    expect(status).toBe(200);
    expect(body).toEqual({
      payload: [ids[2], ids[0]].map((location_id) => ({
        location_id,
        connected: true,
        hook_id: expect.any(Number),
        code: null,
        error: null,
      })),
    });
    expect((await hooks()).toSorted()).toEqual([ids[2], ids[0]].toSorted());
    for (const id of [ids[0]!, ids[2]!]) {
      const row = await hookOf(id);
      expect(fixture.simulator.world.tokens.grantOf(tokenOf(row))).toMatchObject({ locationId: id });
      expect(row).toMatchObject({ account_id: 1, status: 1, state: 'connected' });
      expect(row.settings).toMatchObject({
        location_id: id,
        company_id: companyId,
        user_type: 'Location',
        refresh_token: expect.stringMatching(/^\{"p":/),
      });
    }
    const shown = await api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', { as: 'admin' });
    expect(shown.body).toMatchObject({ connected: true, scopes: expect.arrayContaining([...SCOPES]) });
    const names = (shown.body['connections'] as { location_name: string }[]).map(
      ({ location_name }) => location_name,
    );
    expect(names.toSorted()).toEqual(
      [0, 2].map((index) => fixture.simulator.locations[index]!.name).toSorted(),
    );
  });

  it('finishes the INSTALLs that waited for the choice, and leaves the others waiting', async () => {
    await authorize();
    await eventually(async () =>
      expect(await installs()).toEqual(Object.fromEntries(ids.map((id) => [id, 'parked awaiting_choice']))),
    );
    expect(await hooks()).toEqual([]);
    await choose([ids[1]]);
    expect(await installs()).toEqual({
      [ids[0]!]: 'parked awaiting_choice',
      [ids[1]!]: 'done',
      [ids[2]!]: 'parked awaiting_choice',
    });
  });

  it('connects the others where one cannot be connected, and says why', async () => {
    await authorize(ids.slice(0, 2));
    await new Browser(api, 'stranger', OTHER_ACCOUNT).connect({ location: ids[0]! });
    const { status, body } = await choose([ids[0], ids[1], 'LocOfNobody']);
    expect(status).toBe(200);
    expect(body['payload']).toMatchObject([
      { location_id: ids[0], connected: false, code: 'location_already_connected' },
      { location_id: ids[1], connected: true },
      { connected: false, code: 'highlevel_refused', error: expect.stringContaining('not installed') },
    ]);
    expect(await hookOf(ids[0]!)).toMatchObject({ account_id: OTHER_ACCOUNT });
  });

  it('renews one that is connected already in place', async () => {
    await authorize();
    await choose([ids[0]]);
    const before = await hookOf(ids[0]!);
    expect((await choose([ids[0]])).body['payload']).toMatchObject([{ hook_id: before.id }]);
    expect((await hookOf(ids[0]!)).access_token).not.toBe(before.access_token);
  });

  it.each([
    ['none', []],
    ['too many', Array.from({ length: 26 }, (_, index) => `Loc${index}`)],
    ['one twice', ['Loc1', 'Loc1']],
    ['a path', ['../token']],
    ['no list', 'Loc1'],
    ['something else', [{ id: 'Loc1' }]],
  ])('refuses %s', async (_what, locationIds) => {
    expect(await choose(locationIds)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('knows no agency that the account does not have, and is for administrators', async () => {
    expect(await choose([ids[0]])).toMatchObject({ status: 404, body: { code: 'not_connected' } });
    await authorize();
    expect(await choose([ids[0]], { company_id: 'CmpOfOthers' })).toMatchObject({ status: 404 });
    for (const as of ['agent', 'stranger'] as const)
      expect((await choose([ids[0]], {}, as)).status).toBe(401);
    expect(await hooks()).toEqual([]);
  });
});

describe('the token of a location that its agency connected', () => {
  it('is renewed by its own refresh token', async () => {
    await authorize();
    await choose([ids[0]]);
    const { id } = await hookOf(ids[0]!);
    await fixture.expiresIn(id, -1);
    fixture.simulator.requests.clear();
    await other.refresh.freshAccessToken(id);
    expect([fixture.tokenRequests(), mintings()]).toEqual([1, 0]);
  });

  it('is minted anew where it has none', async () => {
    fixture.simulator.settings.change({ mintsRefreshTokens: false });
    await authorize();
    await choose([ids[0]]);
    const before = await hookOf(ids[0]!);
    expect(before.settings).not.toHaveProperty('refresh_token');
    await fixture.expiresIn(before.id, -1);
    fixture.simulator.requests.clear();
    const tokens = await Promise.all(
      Array.from({ length: 10 }, () => other.refresh.freshAccessToken(before.id)),
    );
    expect(new Set(tokens).size).toBe(1);
    expect([fixture.tokenRequests(), fixture.reconnects(), mintings()]).toEqual([0, 0, 1]);
    expect(fixture.simulator.world.tokens.grantOf(tokens[0]!)).toMatchObject({ locationId: ids[0] });
    expect(await hookOf(ids[0]!)).toMatchObject({ state: 'connected', consecutive_failures: 0 });
  });

  it("is minted anew by an agency's token that has to be renewed first", async () => {
    fixture.simulator.settings.change({ mintsRefreshTokens: false });
    await authorize();
    await choose([ids[0], ids[1]]);
    await agencyTokenEnds();
    const rows = [await hookOf(ids[0]!), await hookOf(ids[1]!)];
    for (const { id } of rows) await fixture.expiresIn(id, -1);
    fixture.simulator.requests.clear();
    await Promise.all(rows.map(({ id }) => other.refresh.freshAccessToken(id)));
    expect([fixture.tokenRequests(), mintings()]).toEqual([1, 2]);
  });

  it('is minted anew when its refresh token and the reconnect are refused', async () => {
    await authorize();
    await choose([ids[0]]);
    const { id, settings } = await hookOf(ids[0]!);
    const refreshToken = other.app.get(TokenVault).open(String(settings['refresh_token']), id);
    fixture.simulator.world.tokens.takeRefresh(refreshToken);
    await fixture.expiresIn(id, -1);
    fixture.simulator.faults.add({ kind: 'status', status: 400, path: '/oauth/reconnect' });
    await other.refresh.freshAccessToken(id);
    expect(await hookOf(ids[0]!)).toMatchObject({ state: 'connected', reason: null });
  });

  it.each([
    ['HighLevel does not answer', { kind: 'status', status: 503, times: 3 }, 'highlevel_unavailable'],
    ['the location is suspended', { kind: 'location_not_active' }, 'highlevel_refused'],
  ] as const)('waits when %s', async (_case, fault, code) => {
    fixture.simulator.settings.change({ mintsRefreshTokens: false });
    await authorize();
    await choose([ids[0]]);
    const { id } = await hookOf(ids[0]!);
    await fixture.expiresIn(id, -1);
    fixture.simulator.faults.add({ ...fault, path: '/oauth/locationToken' });
    await expect(other.refresh.freshAccessToken(id)).rejects.toMatchObject({ code });
    const row = await hookOf(ids[0]!);
    expect(row).toMatchObject({ status: 1, consecutive_failures: 1 });
    expect(row.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 10_000);
    fixture.simulator.faults.clear();
    await other.refresh.refresh(id);
    expect(await hookOf(ids[0]!)).toMatchObject({ state: 'connected', consecutive_failures: 0 });
  });

  it('asks for a new authorization when the agency cannot mint it either', async () => {
    fixture.simulator.settings.change({ mintsRefreshTokens: false });
    await authorize();
    await choose([ids[0]]);
    const { id } = await hookOf(ids[0]!);
    await fixture.expiresIn(id, -1);
    removedUnheard();
    await expect(other.refresh.freshAccessToken(id)).rejects.toMatchObject({
      code: 'reauthorization_required',
    });
    expect(await hookOf(ids[0]!)).toMatchObject({ status: 1, state: 'reauthorization_required' });
  });
});

describe('locations that an agency adds later', () => {
  const control = (path: string, body: object = {}): Promise<Response> =>
    fetch(`${fixture.simulator.url}/_sim${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const installLater = (locationId: string): Promise<Response> => control(`/locations/${locationId}/install`);
  const addLocation = async (name: string): Promise<string> => {
    const answer = await control(`/companies/${companyId}/locations`, { name });
    return ((await answer.json()) as { location: { id: string } }).location.id;
  };

  it('connect themselves to the account that has the agency', async () => {
    await authorize(ids.slice(0, 1));
    await installLater(ids[1]!);
    await eventually(async () => expect(await hooks()).toEqual([ids[1]]));
    expect(await hookOf(ids[1]!)).toMatchObject({ account_id: 1, state: 'connected' });
    await eventually(async () => expect((await installs())[ids[1]!]).toBe('done'));
    expect((await installs())[ids[0]!]).toBe('parked awaiting_choice');
  });

  it('connect themselves when they are new, although HighLevel does not say whose they are', async () => {
    await authorize(ids.slice(0, 1), true);
    const locationId = await addLocation('Brand New Bakery');
    await eventually(async () => expect(await hooks()).toEqual([locationId]));
    const { body } = await api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', { as: 'admin' });
    expect(body).toMatchObject({ location_id: locationId, location_name: 'Brand New Bakery' });
  });

  it('wait for the agency when their INSTALL comes before its callback', async () => {
    const callback = await admin.approve({ agency: true, approved: ids.slice(0, 1) });
    await installLater(ids[1]!);
    await eventually(async () => expect((await installs())[ids[1]!]).toBe('parked not_claimed'));
    await admin.follow(callback);
    await eventually(async () => expect(await hooks()).toEqual([ids[1]]));
    expect((await installs())[ids[0]!]).toBe('parked awaiting_choice');
  });

  it('are not lost when their INSTALL comes during the callback', async () => {
    const callback = await admin.approve({ agency: true, approved: ids.slice(0, 1) });
    fixture.simulator.faults.add({ kind: 'delay', delayMs: 300, path: '/oauth/token' });
    const landing = admin.follow(callback);
    await installLater(ids[1]!);
    await installLater(ids[2]!);
    await landing;
    await eventually(async () => expect((await hooks()).toSorted()).toEqual([ids[1], ids[2]].toSorted()));
  });

  it('are connected as soon as HighLevel mints a token for them', async () => {
    await authorize(ids.slice(0, 1));
    fixture.simulator.faults.add({ kind: 'status', status: 503, path: '/oauth/locationToken', times: 2 });
    await installLater(ids[1]!);
    await eventually(async () => expect(await hooks()).toEqual([ids[1]]), 15_000);
    expect(mintings(503)).toBe(2);
  });

  it('belong to nobody where two accounts have the agency, until one chooses them', async () => {
    await authorize(ids.slice(0, 1));
    await new Browser(api, 'stranger', OTHER_ACCOUNT).connect({ agency: true, approved: ids.slice(0, 1) });
    await installLater(ids[1]!);
    await eventually(async () => expect((await installs())[ids[1]!]).toBe('parked several_accounts'));
    await choose([ids[1]]);
    expect((await installs())[ids[1]!]).toBe('done');
    expect(await hookOf(ids[1]!)).toMatchObject({ account_id: 1 });
  });

  it('wait until the agency has authorized again where its token is dead', async () => {
    await authorize(ids.slice(0, 1));
    await database.query(`update ghl.agencies set state = 'reauthorization_required', reason = 'x'`);
    await installLater(ids[1]!);
    await eventually(async () => expect((await installs())[ids[1]!]).toBe('parked agency_unauthorized'));
    await authorize(ids.slice(0, 1));
    await eventually(async () => expect(await hooks()).toEqual([ids[1]]));
  });

  it('do not come to an account that has disconnected everything', async () => {
    await authorize(ids.slice(0, 1));
    const { status } = await api.call('DELETE', '/api/v1/accounts/1/integrations/ghl', { as: 'admin' });
    expect(status).toBe(200);
    expect(await database.query('select from ghl.agencies')).toEqual([]);
    await installLater(ids[1]!);
    await eventually(async () => expect((await installs())[ids[1]!]).toBe('parked not_claimed'));
    expect(await hooks()).toEqual([]);
  });

  it('come back under their hook after they were uninstalled', async () => {
    await authorize(ids.slice(0, 1));
    await choose([ids[0]]);
    const before = await hookOf(ids[0]!);
    fixture.simulator.world.uninstallLocation(ids[0]!);
    await eventually(async () => expect(await hooks()).toEqual([]));
    await installLater(ids[0]!);
    await eventually(async () => expect(await hooks()).toEqual([ids[0]]));
    expect(await hookOf(ids[0]!)).toMatchObject({ id: before.id, state: 'connected' });
  });
});

describe('an agency that removes the app', () => {
  it('ends all its locations, is forgotten itself, and gets none by a late INSTALL', async () => {
    await authorize();
    await choose(ids);
    expect(await hooks()).toHaveLength(3);
    fixture.simulator.world.uninstallCompany(companyId);
    await eventually(async () => expect(await hooks()).toEqual([]));
    expect(await database.query('select from ghl.agencies')).toEqual([]);
    for (const id of ids)
      expect(await hookOf(id)).toMatchObject({ status: 0, access_token: null, state: 'uninstalled' });
    fixture.simulator.webhooks.send({
      type: 'INSTALL',
      appId: fixture.simulator.appId,
      companyId,
      locationId: 'LocAddedBefore00001',
      webhookId: 'late-install',
      timestamp: new Date().toISOString(),
    });
    await eventually(async () =>
      expect((await installs())['LocAddedBefore00001']).toBe('parked not_claimed'),
    );
  });
});
