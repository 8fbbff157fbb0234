import { inspect } from 'node:util';
import { authorizationUrl } from './authorization-url.js';
import { HighLevelError } from './highlevel-error.js';
import { appIdOf, OAuthApi } from './oauth-api.js';
import { SCOPES } from './scopes.js';
import { type Reply, ScriptedServer } from './scripted-server.fixture.js';
import { TokenEndpointError } from './token-endpoint-error.js';

const server = new ScriptedServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

const CLIENT = { clientId: '6a10c0ffee5ca1ab1e000001-k3yab12c', clientSecret: 's3cret-of-the-app' };
const CODE = 'c0de';
const REFRESH = 'eyJhbGciOiJSUzI1NiJ9.the-refresh-token.sig';

const PAIR = {
  access_token: 'access-1',
  token_type: 'Bearer',
  expires_in: 86399,
  refresh_token: 'refresh-1',
  scope: 'contacts.readonly contacts.write',
};
const LOCATION_ANSWER = {
  ...PAIR,
  userType: 'Location',
  locationId: 'Loc1',
  companyId: 'Cmp1',
  userId: 'Usr1',
};

const oauth = (timeoutMs?: number): OAuthApi => new OAuthApi({ baseUrl: server.baseUrl, timeoutMs });
const exchange = (reply: Reply): Promise<unknown> => {
  server.replies(reply);
  return oauth().exchangeCode({ ...CLIENT, code: CODE });
};
const refresh = (reply: Reply): Promise<unknown> => {
  server.replies(reply);
  return oauth().refresh({ ...CLIENT, refreshToken: REFRESH, userType: 'Location' });
};

async function failureOf(call: Promise<unknown>): Promise<TokenEndpointError> {
  const outcome: unknown = await call.then(
    () => 'succeeded',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(TokenEndpointError);
  return outcome as TokenEndpointError;
}

describe('the authorization URL', () => {
  const request = {
    marketplaceUrl: 'https://marketplace.gohighlevel.com/',
    clientId: CLIENT.clientId,
    redirectUri: 'https://desk.example.test/crm/callback',
    scopes: SCOPES,
    state: 'a.b+c',
  };

  it('leads to the page where locations are chosen, with the eight scopes', () => {
    const url = new URL(authorizationUrl(request));
    expect(url.origin + url.pathname).toBe('https://marketplace.gohighlevel.com/v2/oauth/chooselocation');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: CLIENT.clientId,
      redirect_uri: 'https://desk.example.test/crm/callback',
      scope:
        'contacts.readonly contacts.write conversations.readonly conversations.write ' +
        'conversations/message.readonly conversations/message.write locations.readonly users.readonly',
      state: 'a.b+c',
    });
  });

  it('separates scopes by %20 and keeps a plus of the state', () => {
    expect(authorizationUrl(request)).toContain('contacts.readonly%20contacts.write');
    expect(authorizationUrl(request)).toContain('state=a.b%2Bc');
  });

  it('names the app version where one is given', () => {
    expect(new URL(authorizationUrl({ ...request, versionId: 'v1' })).searchParams.get('version_id')).toBe(
      'v1',
    );
  });
});

describe(OAuthApi.name, () => {
  it('exchanges a code as a form, without token and version', async () => {
    server.replies({ json: { ...LOCATION_ANSWER, isBulkInstallation: false } });
    const redirectUri = 'https://desk.example.test/crm/callback';
    const answer = await oauth().exchangeCode({ ...CLIENT, code: CODE, redirectUri, userType: 'Location' });
    expect(answer).toEqual({
      accessToken: 'access-1',
      refreshToken: 'refresh-1',
      expiresInSeconds: 86399,
      scope: 'contacts.readonly contacts.write',
      userType: 'Location',
      locationId: 'Loc1',
      companyId: 'Cmp1',
      userId: 'Usr1',
      isBulkInstallation: false,
    });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/oauth/token' });
    expect(request!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(request!.headers.authorization).toBeUndefined();
    expect(request!.headers.version).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(request!.body))).toEqual({
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      grant_type: 'authorization_code',
      code: CODE,
      user_type: 'Location',
      redirect_uri: redirectUri,
    });
  });

  it('tells an agency that installed for its locations', async () => {
    const bulk = {
      isBulkInstallation: true,
      approvedLocations: ['Loc1', 'Loc2'],
      installToFutureLocations: true,
    };
    expect(
      await exchange({ json: { ...PAIR, userType: 'Company', companyId: 'Cmp1', ...bulk } }),
    ).toMatchObject({
      userType: 'Company',
      companyId: 'Cmp1',
      ...bulk,
    });
  });

  it('refreshes with the stored token and user type', async () => {
    expect(await refresh({ json: LOCATION_ANSWER })).toMatchObject({
      accessToken: 'access-1',
      refreshToken: 'refresh-1',
    });
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]!.body))).toEqual({
      client_id: CLIENT.clientId,
      client_secret: CLIENT.clientSecret,
      grant_type: 'refresh_token',
      refresh_token: REFRESH,
      user_type: 'Location',
    });
  });

  it('does not throw a new pair away because the answer leaves out its owner', async () => {
    expect(await refresh({ json: PAIR })).toMatchObject({ refreshToken: 'refresh-1', userType: 'Location' });
  });

  it('takes an access token that comes alone: what was used up for it is gone', async () => {
    const answer = await refresh({ json: { ...PAIR, refresh_token: undefined } });
    expect(answer).toMatchObject({ accessToken: 'access-1' });
    expect(answer).not.toHaveProperty('refreshToken');
  });

  it.each(['soon', undefined, null, 0, -86_399])(
    'takes a pair that says %s of its lifetime, and counts on an hour',
    async (expires_in) => {
      const answer = await refresh({ json: { ...PAIR, expires_in } });
      expect(answer).toMatchObject({ refreshToken: 'refresh-1', expiresInSeconds: 3_600 });
    },
  );

  it.each<[string, Reply]>([
    ['a page', { text: '<html>' }],
    ['nothing', { status: 204 }],
    ['no access token', { json: { ...LOCATION_ANSWER, access_token: '' } }],
    ['an unknown user type', { json: { ...LOCATION_ANSWER, userType: 'Robot' } }],
    ['a location without its id', { json: { ...LOCATION_ANSWER, locationId: undefined } }],
    ['a company without its id', { json: { ...PAIR, userType: 'Company', locationId: 'Loc1' } }],
  ])('refuses %s as the answer to a code', async (_name, reply) => {
    expect(await failureOf(exchange(reply))).toMatchObject({ kind: 'transient', maybeExecuted: true });
  });

  it('asks for a new code with key, secret and location', async () => {
    server.replies({
      json: { authorizationCode: 'c2', expiresAt: '2026-11-20T10:15:00.000Z', traceId: 't' },
    });
    const answer = await oauth().reconnect({ ...CLIENT, locationId: 'Loc1' });
    expect(answer).toEqual({ authorizationCode: 'c2', expiresAt: '2026-11-20T10:15:00.000Z' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/oauth/reconnect' });
    expect(request!.headers['content-type']).toBe('application/json');
    expect(JSON.parse(request!.body)).toEqual({
      clientKey: CLIENT.clientId,
      clientSecret: CLIENT.clientSecret,
      locationId: 'Loc1',
    });
  });

  it('refuses a reconnect answer without a code', async () => {
    server.replies({ json: { ok: true } });
    expect(await failureOf(oauth().reconnect({ ...CLIENT, companyId: 'Cmp1' }))).toMatchObject({
      kind: 'transient',
      path: '/oauth/reconnect',
    });
  });

  it('mints the token of a location and adds what the answer leaves out', async () => {
    server.replies({ status: 201, json: { ...PAIR, refresh_token: undefined, locationId: 'Loc1' } });
    const answer = await oauth().locationToken({
      companyId: 'Cmp1',
      locationId: 'Loc1',
      agencyToken: 'agency',
    });
    expect(answer).toMatchObject({
      accessToken: 'access-1',
      userType: 'Location',
      companyId: 'Cmp1',
      locationId: 'Loc1',
    });
    expect(answer.refreshToken).toBeUndefined();
    const [request] = server.requests;
    expect(request).toMatchObject({ url: '/oauth/locationToken', body: 'companyId=Cmp1&locationId=Loc1' });
    expect(request!.headers).toMatchObject({
      authorization: 'Bearer agency',
      version: '2021-07-28',
      'content-type': 'application/x-www-form-urlencoded',
    });
  });

  it('lists the locations of a company, whose id is called _id', async () => {
    const locations = [{ _id: 'Loc1', name: 'Oakland', isInstalled: true }, { name: 'no id' }];
    server.replies({ json: { locations, count: 1, installToFutureLocations: true } });
    const page = await oauth().installedLocations({
      companyId: 'Cmp1',
      appId: appIdOf(CLIENT.clientId),
      agencyToken: 'agency',
      isInstalled: true,
      skip: 0,
      limit: 100,
    });
    expect(page).toEqual({
      locations: [{ id: 'Loc1', name: 'Oakland', isInstalled: true }],
      count: 1,
      installToFutureLocations: true,
    });
    expect(server.requests[0]!.url).toBe(
      '/oauth/installedLocations?companyId=Cmp1&appId=6a10c0ffee5ca1ab1e000001&isInstalled=true&skip=0&limit=100',
    );
  });

  it('throws HighLevelError for the calls that carry a token', async () => {
    server.replies(
      { status: 401, json: { message: 'Invalid token: access token is invalid' } },
      { json: {} },
    );
    const owner = { companyId: 'Cmp1', locationId: 'Loc1', agencyToken: 'agency' };
    await expect(oauth().locationToken(owner)).rejects.toMatchObject({ kind: 'token_rejected' });
    await expect(oauth().installedLocations({ ...owner, appId: 'a' })).rejects.toBeInstanceOf(HighLevelError);
  });

  describe('when it fails', () => {
    it.each<[string, Reply, object]>([
      [
        'a used refresh token',
        said(400, 'Invalid grant: refresh token is invalid'),
        { kind: 'invalid_grant' },
      ],
      [
        'a suspended location',
        said(400, 'Location is not active'),
        { kind: 'suspended', maybeExecuted: false },
      ],
      ['an outage', { status: 503, text: '<html>' }, { kind: 'transient', maybeExecuted: true }],
      [
        'a rate limit',
        { status: 429, headers: { 'retry-after': '3' } },
        { kind: 'transient', retryAfterMs: 3000 },
      ],
      ['a dropped connection', { drop: 'before answer' }, { kind: 'transient', maybeExecuted: true }],
      ['an answer cut off', { drop: 'within answer' }, { kind: 'transient', maybeExecuted: true }],
      ['a redirect', { status: 302, headers: { location: '/' } }, { kind: 'transient', status: 302 }],
    ])('says what %s means', async (_name, reply, expected) => {
      expect(await failureOf(refresh(reply))).toMatchObject(expected);
      expect(server.requests).toHaveLength(1);
    });

    it('gives up after its timeout, not knowing what became of the token', async () => {
      server.replies({ delayMs: 5000 });
      const error = await failureOf(
        oauth(50).refresh({ ...CLIENT, refreshToken: REFRESH, userType: 'Location' }),
      );
      expect(error).toMatchObject({ kind: 'transient', networkCode: 'timeout', maybeExecuted: true });
    });

    it('knows that nothing was used when it could not connect', async () => {
      const api = new OAuthApi({ baseUrl: 'http://127.0.0.1:1' });
      const error = await failureOf(api.exchangeCode({ ...CLIENT, code: CODE }));
      expect(error).toMatchObject({ networkCode: 'ECONNREFUSED', maybeExecuted: false });
    });

    it('holds no secret, code or token, whatever the endpoint quotes and wherever one looks', async () => {
      const echo = `refused: ${CLIENT.clientSecret} ${CODE} ${REFRESH}`;
      const faults: Reply[] = [said(400, echo), { drop: 'before answer' }, { text: echo }];
      for (const fault of faults) {
        for (const error of [await failureOf(exchange(fault)), await failureOf(refresh(fault))]) {
          expect(error.cause).toBeUndefined();
          const everything = [
            error.stack,
            JSON.stringify(error),
            inspect(error, { depth: 20, showHidden: true }),
          ].join();
          expect(everything).toContain('/oauth/token');
          expect(everything).not.toContain(CLIENT.clientSecret);
          expect(everything).not.toContain(REFRESH);
        }
        expect(JSON.stringify(await failureOf(exchange(fault)))).not.toContain(CODE);
      }
    });
  });
});

function said(status: number, message: string): Reply {
  return { status, json: { statusCode: status, message } };
}
