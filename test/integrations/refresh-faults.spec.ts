import { Logger } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { ConfigModule } from '#libs/config';
import { dataSourceOptions } from '#libs/database';
import { DomainError } from '#libs/errors';
import { OAuthApi } from '#libs/highlevel';
import {
  ConnectionsModule,
  HighLevelClients,
  Hooks,
  TokenRefreshCron,
  TokenRefreshModule,
  TokenRefreshService,
} from '#libs/integrations';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { PoolModule } from '../harness/service.js';
import { TokenProxy, type Trick } from '../harness/token-proxy.js';
import { ConnectionFixture, type HookRow } from './connection-fixture.js';

/** In the place of the ten seconds of production: a call that nobody answers is given up after this. */
const TIMEOUT_MS = 2_000;
const HOUR_MS = 3_600_000;

const database = useDatabase();
let fixture: ConnectionFixture;
let proxy: TokenProxy;
let process: TestingModule;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  proxy = await TokenProxy.start(fixture.simulator.url);
  const config = fixture.config({ GHL_API_URL: proxy.url });
  const pool = await new DataSource(dataSourceOptions(config.databaseUrl)).initialize();
  Logger.overrideLogger(false);
  process = await Test.createTestingModule({
    imports: [
      ConfigModule.register(config),
      PoolModule.of(pool),
      ScheduleModule.forRoot(),
      ConnectionsModule,
      TokenRefreshModule,
    ],
  })
    .overrideProvider(OAuthApi)
    .useValue(new OAuthApi({ baseUrl: proxy.url, timeoutMs: TIMEOUT_MS }))
    .compile();
  await process.init();
  await eventually(async () => expect(await process.get(TokenRefreshCron).run()).toBeDefined());
});
afterEach(async () => {
  proxy.reset();
  await fixture.reset();
});
afterAll(async () => {
  await process.close();
  await proxy.stop();
  await fixture.stop();
});

const connect = (): Promise<number> => fixture.connect({ hooks: process.get(Hooks) });

const highLevelSays = (status: number, said: object, headers?: Record<string, string>): Trick => ({
  kind: 'answer',
  status,
  body: JSON.stringify(said),
  headers,
});
const REFUSED = highLevelSays(400, { statusCode: 400, message: 'Invalid grant: refresh token is invalid' });
const OAUTH_STYLE_REFUSAL = highLevelSays(400, {
  error: 'invalid_grant',
  error_description: 'The provided authorization grant is invalid',
});
const NOT_ACTIVE = highLevelSays(400, { statusCode: 400, message: 'Location is not active' });
const UNAUTHORIZED = highLevelSays(401, { statusCode: 401, message: 'Unauthorized', error: 'Unauthorized' });
const BAD_CLIENT = highLevelSays(401, { error: 'invalid_client', error_description: 'Unknown client' });
const THROTTLED = highLevelSays(
  429,
  { statusCode: 429, message: 'Too Many Requests' },
  { 'retry-after': '120' },
);
const BROKEN = highLevelSays(500, { statusCode: 500, message: 'Internal server error' });
const PAGE: Trick = {
  kind: 'answer',
  status: 200,
  body: '<!doctype html><title>Just a moment</title>',
  headers: { 'content-type': 'text/html' },
};
const without = (...keys: string[]): Trick => ({
  kind: 'rewrite',
  change: (answer) => Object.fromEntries(Object.entries(answer).filter(([key]) => !keys.includes(key))),
});
const EXPIRES_IN_THE_PAST: Trick = { kind: 'rewrite', change: (answer) => ({ ...answer, expires_in: -1 }) };

/** What a fault leaves behind, whoever asked. */
interface EndState {
  /** What the caller gets: a token, or an error of this code. */
  readonly outcome: 'token' | 'highlevel_unavailable' | 'highlevel_refused' | 'reauthorization_required';
  readonly state: 'connected' | 'suspended' | 'reauthorization_required';
  readonly reason: string | null;
  readonly tokenRequests: number;
  readonly reconnects: number;
  readonly refreshToken: 'new' | 'kept';
  /** Of the access token, in hours; where there is a new one. */
  readonly lifetimeHours?: number;
  /** Until it is tried again by itself, in milliseconds, from and to. */
  readonly waits?: readonly [number, number];
}

const RENEWED: EndState = {
  outcome: 'token',
  state: 'connected',
  reason: null,
  tokenRequests: 1,
  reconnects: 0,
  refreshToken: 'new',
  lifetimeHours: 24,
};
/** The old token asked for once more, refused, and the code that the reconnect brought. */
const WON_BACK: EndState = { ...RENEWED, tokenRequests: 3, reconnects: 1 };
const TRANSIENT: EndState = {
  outcome: 'highlevel_unavailable',
  state: 'connected',
  reason: 'highlevel_unavailable',
  tokenRequests: 1,
  reconnects: 0,
  refreshToken: 'kept',
  waits: [15_000, 30_000],
};
const GIVEN_UP: EndState = {
  outcome: 'reauthorization_required',
  state: 'reauthorization_required',
  reason: 'refresh_token_refused',
  tokenRequests: 1,
  reconnects: 1,
  refreshToken: 'kept',
};

interface Fault {
  readonly says: string;
  readonly tricks: readonly Trick[];
  readonly refusesReconnect?: boolean;
  readonly end: EndState;
}

const FAULTS: readonly Fault[] = [
  { says: '200', tricks: [], end: RENEWED },
  { says: '200, then the connection is reset', tricks: [{ kind: 'cut' }], end: WON_BACK },
  {
    says: 'nothing in time, and HighLevel did nothing',
    tricks: [{ kind: 'silent' }],
    end: { ...RENEWED, tokenRequests: 2 },
  },
  { says: 'nothing in time, and HighLevel did it', tricks: [{ kind: 'mute' }], end: WON_BACK },
  {
    says: 'nothing in time, twice',
    tricks: [{ kind: 'silent' }, { kind: 'silent' }],
    end: { ...TRANSIENT, tokenRequests: 2 },
  },
  {
    says: '400 Invalid grant: refresh token is invalid',
    tricks: [REFUSED],
    end: { ...WON_BACK, tokenRequests: 2 },
  },
  {
    says: '400 Invalid grant: refresh token is invalid, and refuses the reconnect',
    tricks: [REFUSED],
    refusesReconnect: true,
    end: GIVEN_UP,
  },
  {
    says: '400 Location is not active',
    tricks: [NOT_ACTIVE],
    end: {
      ...TRANSIENT,
      outcome: 'highlevel_refused',
      state: 'suspended',
      reason: 'location_not_active',
      waits: [2 * HOUR_MS, 6 * HOUR_MS],
    },
  },
  {
    says: 'error: invalid_grant, as OAuth has it',
    tricks: [OAUTH_STYLE_REFUSAL],
    end: { ...WON_BACK, tokenRequests: 2 },
  },
  {
    says: 'error: invalid_grant, and refuses the reconnect',
    tricks: [OAUTH_STYLE_REFUSAL],
    refusesReconnect: true,
    end: GIVEN_UP,
  },
  { says: '401', tricks: [UNAUTHORIZED], end: TRANSIENT },
  {
    says: '401 about the client',
    tricks: [BAD_CLIENT],
    end: { ...TRANSIENT, reason: 'credentials_refused' },
  },
  {
    says: '429 with Retry-After',
    tricks: [THROTTLED],
    end: { ...TRANSIENT, waits: [115_000, 121_000] },
  },
  { says: '500', tricks: [BROKEN, BROKEN], end: { ...TRANSIENT, tokenRequests: 2 } },
  { says: 'HTML instead of JSON', tricks: [PAGE, PAGE], end: { ...TRANSIENT, tokenRequests: 2 } },
  {
    says: '200 without refresh_token',
    tricks: [without('refresh_token')],
    end: { ...RENEWED, refreshToken: 'kept' },
  },
  { says: '200 without expires_in', tricks: [without('expires_in')], end: { ...RENEWED, lifetimeHours: 1 } },
  {
    says: '200 with a negative expires_in',
    tricks: [EXPIRES_IN_THE_PAST],
    end: { ...RENEWED, lifetimeHours: 1 },
  },
];

type Outcome = EndState['outcome'];

const codeOf = async (work: Promise<unknown>): Promise<Outcome> => {
  try {
    await work;
    return 'token';
  } catch (error) {
    if (error instanceof DomainError) return error.code as Outcome;
    throw error;
  }
};

/** Who wants a fresh token, and what they get. */
const CALLERS: readonly [string, (hookId: number, expected: Outcome) => Promise<Outcome>][] = [
  [
    'cron',
    // It tells nobody why it failed; the connection does.
    async (_hookId, expected) => {
      const run = await process.get(TokenRefreshCron).run();
      expect(run).toEqual(expected === 'token' ? { refreshed: 1, failed: 0 } : { refreshed: 0, failed: 1 });
      return expected;
    },
  ],
  ['manual', (hookId) => codeOf(process.get(TokenRefreshService).refresh(hookId))],
  [
    'on use',
    async (hookId) => {
      const hook = await process.get(Hooks).findById(hookId);
      return codeOf(process.get(HighLevelClients).forHook(hook!).locations.get());
    },
  ],
];

const hoursLeft = ({ settings }: HookRow): number =>
  (Date.parse(String(settings['expires_at'])) - Date.now()) / HOUR_MS;

describe.each(FAULTS)('the token endpoint says $says', ({ tricks, refusesReconnect, end }) => {
  it.each(CALLERS)('to a caller: %s', async (_name, call) => {
    const hookId = await connect();
    await fixture.expiresIn(hookId, -1);
    const before = await fixture.row(hookId);
    proxy.play(...tricks);
    if (refusesReconnect)
      fixture.simulator.faults.add({ kind: 'status', status: 400, path: '/oauth/reconnect' });
    const calledAt = Date.now();

    expect(await call(hookId, end.outcome)).toBe(end.outcome);

    const after = await fixture.row(hookId);
    const isNew = after.settings['refresh_token'] !== before.settings['refresh_token'];
    expect({
      status: after.status,
      state: after.state,
      reason: after.reason,
      failures: after.consecutive_failures,
      refreshToken: isNew ? 'new' : 'kept',
      hasNewAccessToken: after.access_token !== before.access_token,
      tokenRequests: proxy.tokenRequests,
      reconnects: fixture.reconnects(),
      usesOfOneToken: Math.min(proxy.mostUsesOfOneToken, 2) < 2,
    }).toEqual({
      status: 1,
      state: end.state,
      reason: end.reason,
      failures: end.outcome === 'token' ? 0 : 1,
      refreshToken: end.refreshToken,
      hasNewAccessToken: end.outcome === 'token',
      tokenRequests: end.tokenRequests,
      reconnects: end.reconnects,
      usesOfOneToken: true,
    });
    if (end.lifetimeHours !== undefined) expect(hoursLeft(after)).toBeCloseTo(end.lifetimeHours, 1);
    if (end.waits === undefined) expect(after.next_attempt_at).toBeNull();
    else {
      const waits = after.next_attempt_at!.getTime() - calledAt;
      expect(waits).toBeGreaterThanOrEqual(end.waits[0]);
      expect(waits).toBeLessThanOrEqual(end.waits[1] + 5_000);
    }
    await noStorm(hookId, end);
    await recovers(hookId, end);
  });

  /** Whoever asks right afterwards costs HighLevel nothing. */
  async function noStorm(hookId: number, { outcome }: EndState): Promise<void> {
    const [requests, reconnects] = [proxy.tokenRequests, fixture.reconnects()];
    const again = Array.from({ length: 5 }, () =>
      codeOf(process.get(TokenRefreshService).freshAccessToken(hookId)),
    );
    expect(new Set(await Promise.all(again))).toEqual(new Set([outcome]));
    await process.get(TokenRefreshCron).run();
    expect([proxy.tokenRequests, fixture.reconnects()]).toEqual([requests, reconnects]);
  }

  /** When the fault is over: one press of the button, or one new authorization, under the same hook. */
  async function recovers(hookId: number, { state }: EndState): Promise<void> {
    fixture.simulator.faults.clear();
    proxy.reset();
    if (state === 'reauthorization_required') expect(await connect()).toBe(hookId);
    else expect(await codeOf(process.get(TokenRefreshService).refresh(hookId))).toBe('token');
    expect(await fixture.row(hookId)).toMatchObject({
      status: 1,
      state: 'connected',
      reason: null,
      consecutive_failures: 0,
      next_attempt_at: null,
    });
    expect(proxy.mostUsesOfOneToken).toBeLessThan(2);
  }
});
