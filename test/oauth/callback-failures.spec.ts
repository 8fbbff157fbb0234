import { ApiFixture, FRONTEND_URL, takeLog } from '../integrations/api-fixture.js';
import { Browser, type Landing } from './browser.js';
import { SETTINGS_PAGE, useCallback } from './callback-fixture.js';

const site = useCallback();

const failureOf = ({ target }: Landing): string | null => target.searchParams.get('error');

describe('what goes wrong', () => {
  it('a refusal on the consent page: access_denied, and the state is used up', async () => {
    const callback = await site.admin.approve('deny');
    const { target } = await site.admin.follow(callback);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=access_denied`);
    callback.searchParams.delete('error');
    callback.searchParams.set('code', 'c0de'.repeat(10));
    expect(failureOf(await site.admin.follow(callback))).toBe('invalid_state');
    expect(site.connections.tokenRequests()).toBe(0);
  });

  it("another error of HighLevel's: token_exchange_failed, and its text is not repeated", async () => {
    const callback = await site.admin.approve('deny');
    callback.searchParams.set('error', 'server_error<script>');
    callback.searchParams.set('error_description', 'said-by-a-stranger');
    const { target, text } = await site.admin.follow(callback);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
    expect(target.href + text).not.toMatch(/script|said-by-a-stranger/);
  });

  it.each([
    ['none', (url: URL) => url.searchParams.delete('code')],
    ['an empty one', (url: URL) => url.searchParams.set('code', '')],
    ['two', (url: URL) => url.searchParams.append('code', 'another')],
  ])('%s as code: missing_code', async (_what, change) => {
    const callback = await site.admin.approve(site.location());
    change(callback);
    expect((await site.admin.follow(callback)).target.href).toBe(`${SETTINGS_PAGE}?error=missing_code`);
    expect(site.connections.tokenRequests()).toBe(0);
  });

  it('a code that HighLevel does not know: token_exchange_failed', async () => {
    const callback = await site.admin.approve(site.location());
    callback.searchParams.set('code', 'c0de'.repeat(10));
    expect((await site.admin.follow(callback)).target.href).toBe(
      `${SETTINGS_PAGE}?error=token_exchange_failed`,
    );
    expect(await site.hookIds()).toEqual([]);
  });

  it('a code that was used before, with a state that was not: token_exchange_failed', async () => {
    const first = await site.admin.approve(site.location());
    await site.admin.follow(first);
    const second = await site.admin.approve('deny');
    second.searchParams.delete('error');
    second.searchParams.set('code', first.searchParams.get('code') ?? '');
    expect(failureOf(await site.admin.follow(second))).toBe('token_exchange_failed');
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
      const callback = await site.admin.approve(site.location());
      site.connections.simulator.faults.add({ ...fault, path: '/oauth/token' });
      const { status, target } = await site.admin.follow(callback);
      expect(status).toBe(302);
      expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
      expect(site.connections.tokenRequests()).toBe(1);
      expect(await site.hookIds()).toEqual([]);
      site.connections.simulator.faults.clear();
      expect(failureOf(await site.admin.connect(site.location()))).toBeNull();
    },
  );

  it('wrong client credentials: token_exchange_failed', async () => {
    const other = await ApiFixture.start(site.connections, site.people, {
      GHL_CLIENT_SECRET: 'not-the-secret',
    });
    try {
      expect(failureOf(await new Browser(other).connect(site.location()))).toBe('token_exchange_failed');
    } finally {
      await other.stop();
    }
  });

  it('no client credentials: not_configured, on the page without an account', async () => {
    const other = await ApiFixture.start(site.connections, site.people, { GHL_CLIENT_SECRET: '' });
    try {
      const { status, target } = await new Browser(other).follow(await site.admin.approve(site.location()));
      expect(status).toBe(302);
      expect(target.href).toBe(`${FRONTEND_URL}/app/settings/integrations/gohighlevel?error=not_configured`);
    } finally {
      await other.stop();
    }
  });

  it('a value the database cannot hold: token_exchange_failed rather than an error page', async () => {
    const callback = await site.admin.approve(site.location());
    site.connections.simulator.faults.add({
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
    const { status, target } = await site.admin.follow(callback);
    expect(status).toBe(302);
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
  });
});

describe('a database that refuses the tokens', () => {
  beforeAll(() =>
    site.database.query(
      'alter table integrations_hooks add constraint no_tokens check (access_token is null) not valid',
    ),
  );
  afterAll(() => site.database.query('alter table integrations_hooks drop constraint no_tokens'));

  it('leads to token_exchange_failed, and the failed statement with its tokens is not logged', async () => {
    takeLog();
    const { target } = await site.admin.connect(site.location());
    expect(target.href).toBe(`${SETTINGS_PAGE}?error=token_exchange_failed`);
    const log = takeLog();
    expect(log).toContain('"msg":"An authorization could not be completed","error":"Unavailable"');
    expect(log).not.toMatch(/\{\\*"p\\*":|integrations_hooks/);
    expect(await site.hookIds()).toEqual([]);
  });
});

describe('the log', () => {
  it('tells what happened, and holds no code, state, token or secret', async () => {
    takeLog();
    const secrets = [site.connections.simulator.clientSecret];
    const callback = await site.admin.approve(site.location());
    for (const url of [callback, callback, new URL(`${callback.href}x`)]) await site.admin.follow(url);
    const refused = await site.admin.approve(site.location());
    site.connections.simulator.faults.add({ kind: 'status', status: 500, path: '/oauth/token' });
    await site.admin.follow(refused);
    for (const { searchParams } of [callback, refused])
      secrets.push(searchParams.get('code') ?? '', searchParams.get('state') ?? '');
    const row = await site.hook();
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
