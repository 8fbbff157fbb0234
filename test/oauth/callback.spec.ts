import {
  ACCOUNT,
  ApiFixture,
  FRONTEND_URL,
  OTHER_ACCOUNT,
  People,
  takeLog,
} from '../integrations/api-fixture.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { SCOPES } from '#libs/highlevel';
import { Browser, type Landing } from './browser.js';

const SETTINGS_PAGE = `${FRONTEND_URL}/app/accounts/1/settings/integrations/gohighlevel`;
const DAY_MS = 86_400_000;

const database = useDatabase();
let fixture: ConnectionFixture;
let people: People;
let api: ApiFixture;
let admin: Browser;
let stranger: Browser;

beforeAll(async () => {
  people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
  admin = new Browser(api);
  stranger = new Browser(api, 'stranger', OTHER_ACCOUNT);
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

const location = (index = 0): { location: string } => ({ location: fixture.locationId(index) });
const failureOf = ({ target }: Landing): string | null => target.searchParams.get('error');

async function hookIds(): Promise<number[]> {
  const rows = await database.query<{ id: number }>('select id from integrations_hooks order by id');
  return rows.map(({ id }) => id);
}

async function hook(): Promise<Awaited<ReturnType<ConnectionFixture['row']>>> {
  const [id] = await hookIds();
  return fixture.row(id ?? 0);
}

describe('an approved authorization', () => {
  it("leads to the account's settings page, and the status says connected", async () => {
    const landing = await admin.connect(location());
    expect(landing.status).toBe(302);
    expect(landing.target.href).toBe(SETTINGS_PAGE);

    const { body } = await api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', { as: 'admin' });
    expect(body).toMatchObject({
      connected: true,
      location_id: fixture.locationId(),
      location_name: fixture.simulator.locations[0]!.name,
      timezone: fixture.simulator.locations[0]!.timezone,
      country: fixture.simulator.locations[0]!.country,
      scope: SCOPES.join(' '),
      missing_scopes: [],
      state: 'connected',
      encrypted: true,
    });
  });

  it('stores one hook of the account, sealed, with the settings as DeskFlow names them', async () => {
    const before = Date.now();
    await admin.connect(location());
    const row = await hook();
    const { id: locationId, companyId } = fixture.simulator.locations[0]!;
    expect(row).toMatchObject({
      account_id: ACCOUNT,
      app_id: 'gohighlevel',
      hook_type: 0,
      status: 1,
      reference_id: locationId,
    });
    expect(row.access_token).toMatch(/^\{"p":/);
    expect(row.settings).toEqual({
      refresh_token: expect.stringMatching(/^\{"p":/),
      expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      connected_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      scope: SCOPES.join(' '),
      location_id: locationId,
      company_id: companyId,
      user_id: expect.any(String),
      user_type: 'Location',
    });
    const expiresAt = Date.parse(String(row.settings['expires_at']));
    expect(expiresAt).toBeGreaterThan(before + DAY_MS - 10_000);
    expect(expiresAt).toBeLessThan(Date.now() + DAY_MS);
  });

  it('sends the browser on without the code, the state or a referrer, and nothing keeps the answer', async () => {
    const callback = await admin.approve(location());
    const { target, headers, text } = await admin.follow(callback);
    for (const name of ['code', 'state']) {
      const value = callback.searchParams.get(name) ?? '';
      expect(value.length).toBeGreaterThan(20);
      expect(target.href + text).not.toContain(value);
    }
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('works under the neutral address, and stays neutral', async () => {
    const neutral = await ApiFixture.start(fixture, people, { GHL_REDIRECT_PATH: '/crm/callback' });
    try {
      const browser = new Browser(neutral);
      const callback = await browser.approve(location());
      expect(callback.pathname).toBe('/crm/callback');
      const { target } = await browser.follow(callback);
      expect(target.href).toBe(`${FRONTEND_URL}/app/accounts/1/settings/integrations/crm`);
      expect(await hookIds()).toHaveLength(1);
      const refused = await browser.follow(new URL(`${neutral.url}/crm/callback`));
      expect(refused.target.href).toBe(`${FRONTEND_URL}/app/settings/integrations/crm?error=missing_code`);
    } finally {
      await neutral.stop();
    }
  });

  it('lets one account hold several locations', async () => {
    await admin.connect(location(0));
    await admin.connect(location(1));
    const { body } = await api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', { as: 'admin' });
    expect(body['connections']).toMatchObject([
      { location_id: fixture.locationId(0) },
      { location_id: fixture.locationId(1) },
    ]);
  });

  it('stands although the location does not tell its name', async () => {
    fixture.simulator.faults.add({ kind: 'status', status: 503, path: '/locations/' });
    const landing = await admin.connect(location());
    expect(landing.target.href).toBe(SETTINGS_PAGE);
    const { body } = await api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', { as: 'admin' });
    expect(body).toMatchObject({ connected: true, location_name: null });
  });

  it('does not keep the browser waiting for a location that takes its time to tell its name', async () => {
    fixture.simulator.faults.add({ kind: 'delay', delayMs: 5_000, path: '/locations/' });
    const started = performance.now();
    const landing = await admin.connect(location());
    expect(performance.now() - started).toBeLessThan(4_500);
    expect(landing.target.href).toBe(SETTINGS_PAGE);
    await eventually(async () => {
      const { body } = await api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', { as: 'admin' });
      expect(body).toMatchObject({ location_name: fixture.simulator.locations[0]!.name });
    });
  });

  it('finishes the INSTALL that was parked until somebody claimed the location, and no other', async () => {
    const [mine, other] = [fixture.locationId(0), fixture.locationId(1)];
    await database.query(
      `insert into ghl.inbox (delivery_key, type, location_id, body, state, reason)
       values ('mine', 'INSTALL', $1, '{}', 'parked', 'not_claimed'),
              ('other', 'INSTALL', $2, '{}', 'parked', 'not_claimed')`,
      [mine, other],
    );
    await admin.connect(location(0));
    const { id } = await hook();
    expect(
      await database.query(
        'select delivery_key, state, reason, account_id, hook_id, finished_at is not null as finished from ghl.inbox order by id',
      ),
    ).toEqual([
      { delivery_key: 'mine', state: 'done', reason: null, account_id: 1, hook_id: id, finished: true },
      {
        delivery_key: 'other',
        state: 'parked',
        reason: 'not_claimed',
        account_id: null,
        hook_id: null,
        finished: false,
      },
    ]);
  });
});

describe('connecting again', () => {
  it('renews the connection in place and forgets what was wrong with it', async () => {
    await admin.connect(location());
    const before = await hook();
    await database.query(
      `update ghl.connections set state = 'reauthorization_required', reason = 'refresh_token_refused',
              consecutive_failures = 4, next_attempt_at = now()`,
    );
    await admin.connect(location());
    const after = await hook();
    expect(await hookIds()).toEqual([before.id]);
    expect(after).toMatchObject({
      state: 'connected',
      reason: null,
      consecutive_failures: 0,
      next_attempt_at: null,
    });
    expect(after.access_token).not.toBe(before.access_token);
  });

  it('finds the contact links of a connection that was removed', async () => {
    await admin.connect(location());
    await database.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id)
       values (1, $1, 77, 'Con0Kept')`,
      [fixture.locationId()],
    );
    const before = await hookIds();
    const removed = await api.call('DELETE', '/api/v1/accounts/1/integrations/ghl', { as: 'admin' });
    expect(removed.status).toBe(200);
    expect(await hookIds()).toEqual([]);

    await admin.connect(location());
    expect(await hookIds()).not.toEqual(before);
    expect(
      await database.query(
        'select account_id, location_id, contact_id, ghl_contact_id from ghl.contact_links',
      ),
    ).toEqual([
      { account_id: 1, location_id: fixture.locationId(), contact_id: 77, ghl_contact_id: 'Con0Kept' },
    ]);
  });
});

describe('a location that another account holds', () => {
  it('is refused and stays where it is', async () => {
    await admin.connect(location());
    const before = await hook();
    const landing = await stranger.connect(location());
    expect(landing.status).toBe(302);
    expect(landing.target.href).toBe(
      `${FRONTEND_URL}/app/accounts/2/settings/integrations/gohighlevel?error=location_already_connected`,
    );
    expect(await hook()).toEqual(before);
    const { body } = await api.call('GET', '/api/v1/accounts/2/integrations/ghl/status', { as: 'stranger' });
    expect(body).toMatchObject({ connected: false, connections: [] });
  });

  it('goes to one of two accounts that claim it at once', async () => {
    const callbacks = await Promise.all([admin.approve(location()), stranger.approve(location())]);
    const landings = await Promise.all(callbacks.map((callback) => admin.follow(callback)));
    expect(landings.map(failureOf).sort()).toEqual(['location_already_connected', null].sort());
    expect(await hookIds()).toHaveLength(1);
  });

  it('is free again once that account has disconnected it', async () => {
    await admin.connect(location());
    await api.call('DELETE', '/api/v1/accounts/1/integrations/ghl', { as: 'admin' });
    expect(failureOf(await stranger.connect(location()))).toBeNull();
    expect(await hook()).toMatchObject({ account_id: OTHER_ACCOUNT });
  });
});

describe('an agency that authorizes the app', () => {
  it('is kept with its tokens sealed, and connects no location by itself', async () => {
    const landing = await admin.connect({ agency: true });
    const { companyId } = fixture.simulator.locations[0]!;
    expect(landing.target.href).toBe(`${SETTINGS_PAGE}?agency=${companyId}`);
    expect(await hookIds()).toEqual([]);
    const [agency] = await database.query<Record<string, unknown>>('select * from ghl.agencies');
    expect(agency).toMatchObject({ account_id: ACCOUNT, company_id: companyId, scope: SCOPES.join(' ') });
    for (const token of ['access_token', 'refresh_token']) expect(agency![token]).toMatch(/^\{"p":/);
  });

  it('replaces its tokens when it authorizes again', async () => {
    await admin.connect({ agency: true });
    const [first] = await database.query<{ access_token: string }>('select access_token from ghl.agencies');
    await admin.connect({ agency: true });
    const again = await database.query<{ access_token: string }>('select access_token from ghl.agencies');
    expect(again).toHaveLength(1);
    expect(again[0]!.access_token).not.toBe(first!.access_token);
  });
});

describe('what goes wrong', () => {
  it('a refusal on the consent page: access_denied, and the state is used up', async () => {
    const callback = await admin.approve('deny');
    const { target } = await admin.follow(callback);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=access_denied`);
    callback.searchParams.delete('error');
    callback.searchParams.set('code', 'c0de'.repeat(10));
    expect(failureOf(await admin.follow(callback))).toBe('invalid_state');
    expect(fixture.tokenRequests()).toBe(0);
  });

  it("another error of HighLevel's: token_exchange_failed, and its text is not repeated", async () => {
    const callback = await admin.approve('deny');
    callback.searchParams.set('error', 'server_error<script>');
    callback.searchParams.set('error_description', 'said-by-a-stranger');
    const { target, text } = await admin.follow(callback);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
    expect(target.href + text).not.toMatch(/script|said-by-a-stranger/);
  });

  it.each([
    ['none', (url: URL) => url.searchParams.delete('code')],
    ['an empty one', (url: URL) => url.searchParams.set('code', '')],
    ['two', (url: URL) => url.searchParams.append('code', 'another')],
  ])('%s as code: missing_code', async (_what, change) => {
    const callback = await admin.approve(location());
    change(callback);
    expect((await admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=missing_code`);
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('a code that HighLevel does not know: token_exchange_failed', async () => {
    const callback = await admin.approve(location());
    callback.searchParams.set('code', 'c0de'.repeat(10));
    expect((await admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
    expect(await hookIds()).toEqual([]);
  });

  it('a code that was used before, with a state that was not: token_exchange_failed', async () => {
    const first = await admin.approve(location());
    await admin.follow(first);
    const second = await admin.approve('deny');
    second.searchParams.delete('error');
    second.searchParams.set('code', first.searchParams.get('code') ?? '');
    expect(failureOf(await admin.follow(second))).toBe('token_exchange_failed');
  });

  it.each([
    ['a server error', { kind: 'status', status: 500 }],
    ['too many requests', { kind: 'rate_limit', retryAfter: 60 }],
    ['a page instead of JSON', { kind: 'garbage' }],
    ['a dropped connection', { kind: 'drop_connection' }],
    ['a lost answer', { kind: 'lose_answer' }],
    ['a suspended location', { kind: 'location_not_active' }],
    ['an answer without tokens', { kind: 'status', status: 200, body: { userType: 'Location' } }],
    [
      'an answer without a location',
      {
        kind: 'status',
        status: 200,
        body: { access_token: 'a', refresh_token: 'r', expires_in: 86_399, userType: 'Location' },
      },
    ],
  ] as const)(
    '%s at the exchange: token_exchange_failed after one request, and nothing is stored',
    async (_case, fault) => {
      const callback = await admin.approve(location());
      fixture.simulator.faults.add({ ...fault, path: '/oauth/token' });
      const { status, target } = await admin.follow(callback);
      expect(status).toBe(302);
      expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
      expect(fixture.tokenRequests()).toBe(1);
      expect(await hookIds()).toEqual([]);
      fixture.simulator.faults.clear();
      expect(failureOf(await admin.connect(location()))).toBeNull();
    },
  );

  it('wrong client credentials: token_exchange_failed', async () => {
    const other = await ApiFixture.start(fixture, people, { GHL_CLIENT_SECRET: 'not-the-secret' });
    try {
      expect(failureOf(await new Browser(other).connect(location()))).toBe('token_exchange_failed');
    } finally {
      await other.stop();
    }
  });

  it('no client credentials: not_configured, on the page without an account', async () => {
    const other = await ApiFixture.start(fixture, people, { GHL_CLIENT_SECRET: '' });
    try {
      const { status, target } = await new Browser(other).follow(await admin.approve(location()));
      expect(status).toBe(302);
      expect(target.href).toBe(`${FRONTEND_URL}/app/settings/integrations/gohighlevel?error=not_configured`);
    } finally {
      await other.stop();
    }
  });

  it('a value the database cannot hold: token_exchange_failed rather than an error page', async () => {
    const callback = await admin.approve(location());
    fixture.simulator.faults.add({
      kind: 'status',
      status: 200,
      path: '/oauth/token',
      body: {
        access_token: 'a',
        refresh_token: 'r',
        expires_in: 86_399,
        userType: 'Location',
        locationId: 'Loc\u0000',
      },
    });
    const { status, target } = await admin.follow(callback);
    expect(status).toBe(302);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
  });
});

describe('a database that refuses the tokens', () => {
  beforeAll(() =>
    database.query(
      'alter table integrations_hooks add constraint no_tokens check (access_token is null) not valid',
    ),
  );
  afterAll(() => database.query('alter table integrations_hooks drop constraint no_tokens'));

  it('leads to token_exchange_failed, and the failed statement with its tokens is not logged', async () => {
    takeLog();
    const { target } = await admin.connect(location());
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
    const log = takeLog();
    expect(log).toContain('"msg":"An authorization could not be completed","error":"Unavailable"');
    expect(log).not.toMatch(/\{\\*"p\\*":|integrations_hooks/);
    expect(await hookIds()).toEqual([]);
  });
});

describe('the log', () => {
  it('tells what happened, and holds no code, state, token or secret', async () => {
    takeLog();
    const secrets = [fixture.simulator.clientSecret];
    const callback = await admin.approve(location());
    for (const url of [callback, callback, new URL(`${callback.href}x`)]) await admin.follow(url);
    const refused = await admin.approve(location());
    fixture.simulator.faults.add({ kind: 'status', status: 500, path: '/oauth/token' });
    await admin.follow(refused);
    for (const { searchParams } of [callback, refused])
      secrets.push(searchParams.get('code') ?? '', searchParams.get('state') ?? '');
    const row = await hook();
    secrets.push(row.access_token ?? '', String(row.settings['refresh_token']));

    const log = takeLog();
    expect(log).toContain('Connected a HighLevel location');
    expect(log).toContain('An authorization code was not exchanged');
    expect(secrets).toHaveLength(7);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(15);
      expect(log).not.toContain(secret);
      expect(log).not.toContain(encodeURIComponent(secret));
    }
  });
});
