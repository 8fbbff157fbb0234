import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { AppClient, EVERY_SCOPE, REDIRECT_URI } from './app-client.js';
import { WebhookTarget } from './webhook-target.js';

describe('the OAuth of the simulator', () => {
  let simulator: Simulator;
  let target: WebhookTarget;
  let client: AppClient;
  let time: number;

  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20);
    target = await WebhookTarget.start();
    simulator = await createSimulator({ webhookUrl: target.url, now: () => time });
    await simulator.listen();
    client = new AppClient(simulator);
  });

  afterEach(async () => {
    await simulator.close();
    await target.stop();
  });

  const locationId = (index = 0): string => simulator.locations[index]!.id;

  describe('consent page', () => {
    it('shows the scopes, the locations and both ways to install, with nothing from elsewhere', async () => {
      const response = await fetch(client.consentUrl({ state: 'a"<b>' }));
      const page = await response.text();
      expect(response.status).toBe(200);
      expect(page).toContain('<form method="post" action="/v2/oauth/chooselocation">');
      expect(page).toContain('<input type="hidden" name="state" value="a&quot;&lt;b&gt;">');
      for (const { id, name } of simulator.locations) {
        expect(page).toContain(`<input type="radio" name="location_id" value="${id}"`);
        expect(page).toContain(name);
      }
      expect(page).toContain('name="install_as" value="company"');
      expect(page).toContain('name="decision" value="deny"');
      for (const scope of EVERY_SCOPE.split(' ')) expect(page).toContain(`<code>${scope}</code>`);
      expect(page).not.toMatch(/(?:src|href)="https?:/);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    });

    it.each([
      ['another client id', { client_id: 'other-app' }, 'client_id'],
      ['a redirect URI of another machine', { redirect_uri: 'https://evil.example.test/' }, 'redirect_uri'],
      ['a script as redirect URI', { redirect_uri: 'javascript:alert(1)' }, 'redirect_uri'],
      ['no scope', { scope: ' ' }, 'scope'],
      ['another response type', { response_type: 'token' }, 'response_type'],
    ])('says what is wrong with %s instead of redirecting', async (_what, overrides, named) => {
      const response = await fetch(client.consentUrl(overrides), { redirect: 'manual' });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain(named);
    });

    it('takes redirect URIs from a list exactly, down to the trailing slash', async () => {
      const strict = await createSimulator({ redirectUris: ['https://app.example.test/cb'] });
      await strict.listen();
      const strictClient = new AppClient(strict);
      const statusFor = async (uri: string): Promise<number> =>
        (await fetch(strictClient.consentUrl({ redirect_uri: uri }))).status;
      expect(await statusFor('https://app.example.test/cb')).toBe(200);
      expect(await statusFor('https://app.example.test/cb/')).toBe(400);
      expect(await statusFor(REDIRECT_URI)).toBe(400);
      await strict.close();
    });

    it('sends the browser back with access_denied and the state, and installs nothing', async () => {
      const url = await client.decide({ decision: 'deny' });
      expect(Object.fromEntries(url.searchParams)).toEqual({ error: 'access_denied', state: 's-1' });
      expect(simulator.installations.list()).toEqual([]);
    });

    it('refuses a location that does not exist', async () => {
      const answer = await client.form('/v2/oauth/chooselocation', {
        client_id: simulator.clientId,
        redirect_uri: REDIRECT_URI,
        scope: 'contacts.readonly',
        decision: 'approve',
        location_id: 'nowhere',
      });
      expect(answer.status).toBe(400);
    });
  });

  describe('installing in a location', () => {
    it('answers a Location token pair and tells the app by INSTALL', async () => {
      const { status, body } = await client.authorize({ location_id: locationId() });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        token_type: 'Bearer',
        expires_in: 86_399,
        userType: 'Location',
        locationId: locationId(),
        companyId: simulator.locations[0]!.companyId,
        isBulkInstallation: false,
        scope: EVERY_SCOPE,
      });
      expect(body.access_token.length).toBeGreaterThan(1024);
      expect(body.access_token.split('.')).toHaveLength(3);
      expect(body.refreshTokenId).toMatch(/^[0-9a-f]{24}$/);
      await simulator.webhooks.idle();
      expect(target.received.map(({ event }) => event)).toEqual([
        expect.objectContaining({
          type: 'INSTALL',
          installType: 'Location',
          locationId: locationId(),
          appId: '6a10c0ffee5ca1ab1e000001',
        }),
      ]);
    });

    it('gives a code of 40 hex digits that works once', async () => {
      const url = await client.decide({ decision: 'approve', location_id: locationId() });
      const code = url.searchParams.get('code') ?? '';
      expect(code).toMatch(/^[0-9a-f]{40}$/);
      expect(url.searchParams.get('state')).toBe('s-1');
      expect((await client.exchange(code)).status).toBe(200);
      const again = await client.exchange(code);
      expect(again.status).toBe(400);
      expect(again.body.message).toBe('Invalid grant: authorization code is invalid');
    });

    it('refuses a code after 15 minutes', async () => {
      const url = await client.decide({ decision: 'approve', location_id: locationId() });
      time += 15 * 60 * 1000;
      const late = await client.exchange(url.searchParams.get('code') ?? '');
      expect(late.status).toBe(400);
      expect(late.body.message).toBe('Invalid grant: authorization code has expired');
    });

    it('refuses a code with another redirect URI than it was given for', async () => {
      const url = await client.decide({ decision: 'approve', location_id: locationId() });
      const answer = await client.exchange(url.searchParams.get('code') ?? '', {
        redirect_uri: `${REDIRECT_URI}/`,
      });
      expect(answer.status).toBe(400);
    });
  });

  describe('token endpoint', () => {
    it.each([
      ['a wrong secret', { client_secret: 'wrong' }, 401, 'Invalid client: client credentials are invalid'],
      ['a wrong client id', { client_id: 'wrong' }, 401, 'Invalid client: client credentials are invalid'],
      ['no code', {}, 400, 'Missing parameter: `code`'],
      ['no grant type', { grant_type: '' }, 400, 'Missing parameter: `grant_type`'],
      ['client credentials', { grant_type: 'client_credentials' }, 400, 'Invalid parameter: `grant_type`'],
    ])('answers %s as HighLevel does', async (_what, fields, status, message) => {
      const answer = await client.token({ grant_type: 'authorization_code', ...fields });
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ statusCode: status, message, traceId: expect.any(String) });
      expect('error' in answer.body).toBe(status === 401);
    });

    it('answers values outside the lists with 422 and a list', async () => {
      const answer = await client.token({ grant_type: 'password', user_type: 'Robot' });
      expect(answer.status).toBe(422);
      expect(answer.body.message).toHaveLength(2);
      expect(answer.body.error).toBe('Unprocessable Entity');
    });

    it('takes JSON, too', async () => {
      const { clientId: client_id, clientSecret: client_secret } = simulator;
      const answer = await client.call('POST', '/oauth/token', {
        client_id,
        client_secret,
        grant_type: 'refresh_token',
      });
      expect(answer.body.message).toBe('Missing parameter: `refresh_token`');
    });
  });

  describe('refreshing', () => {
    it('rotates: the new pair works, the old refresh token is dead, the old access token lives on', async () => {
      const first = (await client.authorize({ location_id: locationId() })).body;
      const second = await client.refresh(first.refresh_token);
      expect(second.status).toBe(200);
      expect(second.body.refresh_token).not.toBe(first.refresh_token);
      expect(second.body).toMatchObject({
        userType: 'Location',
        locationId: locationId(),
        scope: EVERY_SCOPE,
      });
      const again = await client.refresh(first.refresh_token);
      expect(again.status).toBe(400);
      expect(again.body).toEqual({
        statusCode: 400,
        message: 'Invalid grant: refresh token is invalid',
        traceId: expect.any(String),
      });
      expect((await client.call('GET', `/locations/${locationId()}`)).status).toBe(200);
    });

    it('lets exactly one of 20 simultaneous refreshes win', async () => {
      const { refresh_token: token } = (await client.authorize({ location_id: locationId() })).body;
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.refresh(token)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(19);
    });

    it('keeps the refresh token of a suspended location good', async () => {
      const { refresh_token: token } = (await client.authorize({ location_id: locationId() })).body;
      await client.call('POST', `/_sim/locations/${locationId()}/suspend`);
      const refused = await client.refresh(token);
      expect(refused.status).toBe(400);
      expect(refused.body.message).toBe('Location is not active');
      await client.call('POST', `/_sim/locations/${locationId()}/activate`);
      expect((await client.refresh(token)).status).toBe(200);
    });

    it('refuses after the app was uninstalled', async () => {
      const { refresh_token: token } = (await client.authorize({ location_id: locationId() })).body;
      await client.call('POST', `/_sim/locations/${locationId()}/uninstall`);
      expect((await client.refresh(token)).body.message).toBe('Invalid grant: refresh token is invalid');
    });

    it('ends access tokens when their time is over', async () => {
      simulator.settings.change({ tokenLifetimeSeconds: 60 });
      const { expires_in: lifetime } = (await client.authorize({ location_id: locationId() })).body;
      expect(lifetime).toBe(60);
      time += 59_000;
      expect((await client.call('GET', `/locations/${locationId()}`)).status).toBe(200);
      time += 1_000;
      const late = await client.call('GET', `/locations/${locationId()}`);
      expect(late.status).toBe(401);
      expect(late.body).toMatchObject({
        message: 'Invalid token: access token is invalid',
        error: 'Unauthorized',
      });
    });
  });

  describe('reconnecting', () => {
    it('gives a code without the user, as long as the app is installed', async () => {
      await client.authorize({ location_id: locationId() });
      await client.call('POST', `/_sim/locations/${locationId()}/revoke`);
      expect((await client.call('GET', `/locations/${locationId()}`)).status).toBe(401);
      const { clientId: clientKey, clientSecret } = simulator;
      const answer = await client.call('POST', '/oauth/reconnect', {
        clientKey,
        clientSecret,
        locationId: locationId(),
      });
      expect(answer.body).toEqual({
        authorizationCode: expect.stringMatching(/^[0-9a-f]{40}$/),
        expiresAt: new Date(time + 15 * 60 * 1000).toISOString(),
        traceId: expect.any(String),
      });
      const pair = await client.token({
        grant_type: 'authorization_code',
        code: answer.body.authorizationCode,
      });
      expect(pair.body.locationId).toBe(locationId());
    });

    it('refuses where the app is not, without a place, and with a wrong secret', async () => {
      const { clientId: clientKey, clientSecret } = simulator;
      const statusOf = async (body: object): Promise<number> =>
        (await client.call('POST', '/oauth/reconnect', body)).status;
      expect(await statusOf({ clientKey, clientSecret, locationId: locationId() })).toBe(400);
      expect(await statusOf({ clientKey, clientSecret })).toBe(400);
      expect(await statusOf({ clientKey, clientSecret: 'wrong', locationId: locationId() })).toBe(401);
    });
  });
});
