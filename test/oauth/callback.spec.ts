import { SCOPES } from '#libs/highlevel';
import { eventually } from '../harness/eventually.js';
import { holdCall } from '../harness/held-call.js';
import { ACCOUNT, ApiFixture, FRONTEND_URL, OTHER_ACCOUNT } from '../integrations/api-fixture.js';
import { Browser, type Landing } from './browser.js';
import { SETTINGS_PAGE, useCallback } from './callback-fixture.js';

const DAY_MS = 86_400_000;

const site = useCallback();

const failureOf = ({ target }: Landing): string | null => target.searchParams.get('error');

describe('an approved authorization', () => {
  it("leads to the account's settings page, and the status says connected", async () => {
    const landing = await site.admin.connect(site.location());
    expect(landing.status).toBe(302);
    expect(landing.target.href).toBe(SETTINGS_PAGE);

    const { body } = await site.api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', {
      as: 'admin',
    });
    expect(body).toMatchObject({
      connected: true,
      location_id: site.connections.locationId(),
      location_name: site.connections.simulator.locations[0]!.name,
      timezone: site.connections.simulator.locations[0]!.timezone,
      country: site.connections.simulator.locations[0]!.country,
      scope: SCOPES.join(' '),
      missing_scopes: [],
      state: 'connected',
      encrypted: true,
    });
  });

  it('stores one hook of the account, sealed, with the settings as DeskFlow names them', async () => {
    const before = Date.now();
    await site.admin.connect(site.location());
    const row = await site.hook();
    const { id: locationId, companyId } = site.connections.simulator.locations[0]!;
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
    const callback = await site.admin.approve(site.location());
    const { target, headers, text } = await site.admin.follow(callback);
    for (const name of ['code', 'state']) {
      const value = callback.searchParams.get(name) ?? '';
      expect(value.length).toBeGreaterThan(20);
      expect(target.href + text).not.toContain(value);
    }
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('works under the neutral address, and stays neutral', async () => {
    const neutral = await ApiFixture.start(site.connections, site.people, {
      GHL_REDIRECT_PATH: '/crm/callback',
    });
    try {
      const browser = new Browser(neutral);
      const callback = await browser.approve(site.location());
      expect(callback.pathname).toBe('/crm/callback');
      const { target } = await browser.follow(callback);
      expect(target.href).toBe(`${FRONTEND_URL}/app/accounts/1/settings/integrations/crm`);
      expect(await site.hookIds()).toHaveLength(1);
      const refused = await browser.follow(new URL(`${neutral.url}/crm/callback`));
      expect(refused.target.href).toBe(`${FRONTEND_URL}/app/settings/integrations/crm?error=missing_code`);
    } finally {
      await neutral.stop();
    }
  });

  it('lets one account hold several locations', async () => {
    await site.admin.connect(site.location(0));
    await site.admin.connect(site.location(1));
    const { body } = await site.api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', {
      as: 'admin',
    });
    expect(body['connections']).toMatchObject([
      { location_id: site.connections.locationId(0) },
      { location_id: site.connections.locationId(1) },
    ]);
  });

  it('stands although the location does not tell its name', async () => {
    site.connections.simulator.faults.add({ kind: 'status', status: 503, path: '/locations/' });
    const landing = await site.admin.connect(site.location());
    expect(landing.target.href).toBe(SETTINGS_PAGE);
    const { body } = await site.api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', {
      as: 'admin',
    });
    expect(body).toMatchObject({ connected: true, location_name: null });
  });

  it('does not keep the browser waiting for a location that takes its time to tell its name', async () => {
    const { faults, requests } = site.connections.simulator;
    requests.clear();
    const answeredByLocations = (): number =>
      requests.list().filter(({ path }) => path.startsWith('/locations/')).length;
    const call = holdCall(faults, { path: '/locations/' });
    const landing = await site.admin.connect(site.location());
    await call.arrived();
    expect(answeredByLocations()).toBe(0); // held all the while, and not given up and asked again
    expect(landing.target.href).toBe(SETTINGS_PAGE);
    call.letGo();
    await eventually(async () => {
      const { body } = await site.api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', {
        as: 'admin',
      });
      expect(body).toMatchObject({ location_name: site.connections.simulator.locations[0]!.name });
    });
  });

  it('finishes the INSTALL that was parked until somebody claimed the location, and no other', async () => {
    const [mine, other] = [site.connections.locationId(0), site.connections.locationId(1)];
    await site.database.query(
      `insert into ghl.inbox (delivery_key, type, location_id, body, state, reason)
       values ('mine', 'INSTALL', $1, '{}', 'parked', 'not_claimed'),
              ('other', 'INSTALL', $2, '{}', 'parked', 'not_claimed')`,
      [mine, other],
    );
    await site.admin.connect(site.location(0));
    const { id } = await site.hook();
    expect(
      await site.database.query(
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
    await site.admin.connect(site.location());
    const before = await site.hook();
    await site.database.query(
      `update ghl.connections set state = 'reauthorization_required', reason = 'refresh_token_refused',
              consecutive_failures = 4, next_attempt_at = now()`,
    );
    await site.admin.connect(site.location());
    const after = await site.hook();
    expect(await site.hookIds()).toEqual([before.id]);
    expect(after).toMatchObject({
      state: 'connected',
      reason: null,
      consecutive_failures: 0,
      next_attempt_at: null,
    });
    expect(after.access_token).not.toBe(before.access_token);
  });

  it('finds the contact links of a connection that was removed', async () => {
    await site.admin.connect(site.location());
    await site.database.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id)
       values (1, $1, 77, 'Con0Kept')`,
      [site.connections.locationId()],
    );
    const before = await site.hookIds();
    const removed = await site.api.call('DELETE', '/api/v1/accounts/1/integrations/ghl', { as: 'admin' });
    expect(removed.status).toBe(200);
    expect(await site.hookIds()).toEqual([]);

    await site.admin.connect(site.location());
    expect(await site.hookIds()).not.toEqual(before);
    expect(
      await site.database.query(
        'select account_id, location_id, contact_id, ghl_contact_id from ghl.contact_links',
      ),
    ).toEqual([
      {
        account_id: 1,
        location_id: site.connections.locationId(),
        contact_id: 77,
        ghl_contact_id: 'Con0Kept',
      },
    ]);
  });
});

describe('a location that another account holds', () => {
  it('is refused and stays where it is', async () => {
    await site.admin.connect(site.location());
    const before = await site.hook();
    const landing = await site.stranger.connect(site.location());
    expect(landing.status).toBe(302);
    expect(landing.target.href).toBe(
      `${FRONTEND_URL}/app/accounts/2/settings/integrations/gohighlevel?error=location_already_connected`,
    );
    expect(await site.hook()).toEqual(before);
    const { body } = await site.api.call('GET', '/api/v1/accounts/2/integrations/ghl/status', {
      as: 'stranger',
    });
    expect(body).toMatchObject({ connected: false, connections: [] });
  });

  it('goes to one of two accounts that claim it at once', async () => {
    const callbacks = await Promise.all([
      site.admin.approve(site.location()),
      site.stranger.approve(site.location()),
    ]);
    const landings = await Promise.all(callbacks.map((callback) => site.admin.follow(callback)));
    expect(landings.map(failureOf).sort()).toEqual(['location_already_connected', null].sort());
    expect(await site.hookIds()).toHaveLength(1);
  });

  it('is free again once that account has disconnected it', async () => {
    await site.admin.connect(site.location());
    await site.api.call('DELETE', '/api/v1/accounts/1/integrations/ghl', { as: 'admin' });
    expect(failureOf(await site.stranger.connect(site.location()))).toBeNull();
    expect(await site.hook()).toMatchObject({ account_id: OTHER_ACCOUNT });
  });
});

describe('an agency that authorizes the app', () => {
  it('is kept with its tokens sealed, and connects no location by itself', async () => {
    const landing = await site.admin.connect({ agency: true });
    const { companyId } = site.connections.simulator.locations[0]!;
    expect(landing.target.href).toBe(`${SETTINGS_PAGE}?agency=${companyId}`);
    expect(await site.hookIds()).toEqual([]);
    const [agency] = await site.database.query<Record<string, unknown>>('select * from ghl.agencies');
    expect(agency).toMatchObject({ account_id: ACCOUNT, company_id: companyId, scope: SCOPES.join(' ') });
    for (const token of ['access_token', 'refresh_token']) expect(agency![token]).toMatch(/^\{"p":/);
  });

  it('replaces its tokens when it authorizes again', async () => {
    await site.admin.connect({ agency: true });
    const [first] = await site.database.query<{ access_token: string }>(
      'select access_token from ghl.agencies',
    );
    await site.admin.connect({ agency: true });
    const again = await site.database.query<{ access_token: string }>(
      'select access_token from ghl.agencies',
    );
    expect(again).toHaveLength(1);
    expect(again[0]!.access_token).not.toBe(first!.access_token);
  });
});
