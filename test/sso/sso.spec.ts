import { randomBytes } from 'node:crypto';
import { sealUserContext, type UserContext } from '#apps/simulator/user-context.js';
import { SsoModule } from '#libs/sso';
import { useDatabase } from '../harness/database.js';
import { ACCOUNT, type Answer, ApiFixture, People, takeLog } from '../integrations/api-fixture.js';
import { ConnectionFixture, type Process } from '../integrations/connection-fixture.js';

const OLD_SECRET = 'the-shared-secret-before-this-one';
const database = useDatabase();

let fixture: ConnectionFixture;
let process: Process;
let people: People;
let api: ApiFixture;
let hookId: number;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  process = await fixture.process();
  people = await People.seed(database.source);
  await rename('agent@example.com', 'uma.agent1@example.test');
  await rename('admin@example.com', 'ivo.admin1@example.test');
});
beforeEach(async () => {
  await fixture.reset();
  await database.query('truncate ghl.sso_contexts, ghl.sync_settings, ghl.audit_events');
  hookId = await fixture.connect(process);
  api = await start();
  takeLog();
});
afterEach(() => api.stop());
afterAll(() => fixture.stop());

const start = (env: Record<string, string> = {}): Promise<ApiFixture> =>
  ApiFixture.start(
    fixture,
    people,
    { GHL_SHARED_SECRET: `${fixture.simulator.sharedSecret} ${OLD_SECRET}`, ...env },
    () => [SsoModule],
  );

const rename = (from: string, to: string): Promise<unknown> =>
  database.query('update users set email = $2, uid = $2 where email = $1', [from, to]);

/** Somebody whom HighLevel knows, in the first location. */
function contextOf(email: string, changes: Partial<UserContext> = {}): UserContext {
  const user = fixture.simulator.world.users.values().find((one) => one.email === email)!;
  return {
    userId: user.id,
    companyId: user.companyId,
    role: user.role,
    type: user.type === 'agency' ? 'agency' : 'location',
    activeLocation: fixture.locationId(),
    userName: `${user.firstName} ${user.lastName}`,
    email,
    isAgencyOwner: false,
    ...changes,
  };
}

const UMA = 'uma.agent1@example.test';
const seal = (
  context: UserContext,
  secret = fixture.simulator.sharedSecret,
  salt?: Buffer<ArrayBuffer>,
): string => sealUserContext(context, secret, salt);

const post = (payload: unknown, path = '/ghl/sso'): Promise<Answer> =>
  api.call('POST', path, { body: { payload } });

function session({ body }: Answer): { session_token: string } & Record<string, unknown> {
  return body['data'] as { session_token: string };
}

const refused = (reason: string): object => ({
  status: 401,
  body: { code: 'sso_refused', details: { reason } },
});

const audited = (): Promise<{ outcome: string }[]> =>
  database.query('select actor_kind, outcome, details from ghl.audit_events where action = $1 order by id', [
    'sso.sign_on',
  ]);

const failure = (userId: string, reason: string): object => ({
  actor_kind: 'highlevel',
  outcome: 'failure',
  details: { highlevel_user_id: userId, reason },
});

const usersAsked = (): number =>
  fixture.simulator.requests.list().filter(({ path }) => path.startsWith('/users/')).length;

describe('somebody at a connected location', () => {
  it('is signed on as the agent with the same e-mail address, for an hour', async () => {
    const answer = await post(seal(contextOf(UMA)));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(session(answer)).toEqual({
      session_token: expect.stringMatching(/^eyJ/),
      expires_in: 3_600,
      id: expect.any(Number),
      name: 'Alan Agent',
      email: UMA,
      account: { id: ACCOUNT, name: 'Acme Inc', role: 'agent' },
      location_id: fixture.locationId(),
    });
    const headers = { authorization: `Bearer ${session(answer).session_token}` };
    const apps = `/api/v1/accounts/${ACCOUNT}/integrations/apps`;
    expect((await api.call('GET', apps, { headers })).status).toBe(200);
    expect((await api.call('GET', apps.replace('/1/', '/2/'), { headers })).status).toBe(401);
    expect(await audited()).toEqual([
      {
        actor_kind: 'user',
        outcome: 'success',
        details: { highlevel_user_id: contextOf(UMA).userId, role: 'agent' },
      },
    ]);
  });

  it('is signed on under the neutral address, too, and with the secret that is being replaced', async () => {
    expect((await post(seal(contextOf(UMA), OLD_SECRET), '/crm/sso')).status).toBe(200);
  });

  it('is no more than an agent here, whatever they are over there, until the account has said so', async () => {
    const context = contextOf('ivo.admin1@example.test');
    expect(session(await post(seal(context)))).toMatchObject({ account: { role: 'agent' } });
    await database.query(
      `insert into ghl.sync_settings (account_id, sso_role) values ($1, 'administrator')`,
      [ACCOUNT],
    );
    expect(session(await post(seal(context)))).toMatchObject({ account: { role: 'administrator' } });
    expect(session(await post(seal(contextOf(UMA))))).toMatchObject({ account: { role: 'agent' } });
  });

  it('may be of the agency, which no list of the location names', async () => {
    const email = 'ada.agency@example.test';
    await rename(UMA, email);
    expect(session(await post(seal(contextOf(email))))).toMatchObject({ email });
    await rename(email, UMA);
  });
});

describe('a user context', () => {
  it('works once, however it is written, and at whichever process', async () => {
    const payload = seal(contextOf(UMA));
    const other = await start();
    const answers = await Promise.all(
      [api, other, api, other].map((one) => one.call('POST', '/ghl/sso', { body: { payload } })),
    );
    await other.stop();
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect(await post(payload)).toMatchObject(refused('context_used'));
    expect(await post(payload.replace(/=*$/, ''))).toMatchObject(refused('context_used'));
    const { userId } = contextOf(UMA);
    const replays = (await audited()).filter((entry) => entry.outcome === 'failure');
    expect(replays).toEqual(Array(5).fill(failure(userId, 'context_used')));
  });

  it('works once although it was altered: a copy has the salt of its original', async () => {
    const salt = randomBytes(8);
    expect((await post(seal(contextOf(UMA), undefined, salt))).status).toBe(200);
    const other = contextOf(UMA, { userName: 'Somebody Else' });
    expect(await post(seal(other, undefined, salt))).toMatchObject(refused('context_used'));
  });

  it('is used up although HighLevel did not answer, so that the page asks for another', async () => {
    fixture.simulator.faults.replace([{ kind: 'status', status: 503, method: 'GET', path: '/users' }]);
    const payload = seal(contextOf(UMA));
    expect(await post(payload)).toMatchObject({ status: 502, body: { code: 'highlevel_unavailable' } });
    fixture.simulator.faults.clear();
    expect(await post(payload)).toMatchObject(refused('context_used'));
    expect((await post(seal(contextOf(UMA)))).status).toBe(200);
  });

  it('is remembered for a month, and forgotten then', async () => {
    await database.query(
      `insert into ghl.sso_contexts (salt, account_id, used_at)
       select int8send(n), 1, now() - interval '30 days 1 minute' from generate_series(1, 150) n
       union all select int8send(0), 1, now() - interval '29 days'`,
    );
    await post(seal(contextOf(UMA)));
    const remembered = async (): Promise<unknown> =>
      (await database.query('select count(*)::int as n from ghl.sso_contexts'))[0];
    expect(await remembered()).toEqual({ n: 52 });
    await post(seal(contextOf(UMA)));
    expect(await remembered()).toEqual({ n: 3 });
  });

  it('that no secret opens is refused, and asks HighLevel nothing', async () => {
    for (const payload of [seal(contextOf(UMA), 'somebody’s secret'), 'bm90aGluZw==', 'no base64!'])
      expect(await post(payload)).toMatchObject(refused('context_invalid'));
    expect(usersAsked()).toBe(0);
    expect(await database.query('select from ghl.sso_contexts')).toEqual([]);
  });

  it.each([
    ['is no text', 7],
    ['is missing', undefined],
    ['is empty', ''],
    ['is longer than any', 'U'.repeat(8_193)],
  ])('that %s is not valid', async (_why, payload) => {
    expect(await post(payload)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('is in no log and no answer that refuses it', async () => {
    const payload = seal(contextOf(UMA));
    await post(payload);
    const { text } = await post(payload);
    expect(text).not.toContain(payload.slice(0, 24));
    const log = takeLog();
    expect(log).toContain('/ghl/sso');
    expect(log).not.toContain(payload.slice(16, 40));
    expect(log).not.toContain(fixture.simulator.sharedSecret);
  });

  it('opens nothing where no secret is configured', async () => {
    await api.stop();
    api = await start({ GHL_SHARED_SECRET: '' });
    expect(await post(seal(contextOf(UMA)))).toMatchObject({
      status: 422,
      body: { code: 'not_configured', error: 'The shared secret of HighLevel is not configured' },
    });
  });
});

describe('nobody is signed on', () => {
  it('in the agency view, where no account can be told', async () => {
    const context = contextOf('ada.agency@example.test');
    delete context.activeLocation;
    expect(await post(seal(context))).toMatchObject(refused('no_location'));
  });

  it.each([
    ['that nobody has connected', (): Partial<UserContext> => ({ activeLocation: fixture.locationId(1) })],
    ['of another company', () => ({ companyId: 'SomebodyElsesCompany' })],
  ])('at a location %s', async (_which, changes) => {
    expect(await post(seal(contextOf(UMA, changes())))).toMatchObject(refused('location_not_connected'));
    expect(usersAsked()).toBe(0);
  });

  it('at a location whose connection ended', async () => {
    await database.query('update integrations_hooks set status = 0 where id = $1', [hookId]);
    expect(await post(seal(contextOf(UMA)))).toMatchObject(refused('location_not_connected'));
  });

  it('whom HighLevel’s API does not confirm', async () => {
    const uma = contextOf(UMA);
    const wrong: Partial<UserContext>[] = [
      { userId: 'NobodyWithThisId0001' },
      { userId: contextOf('ivo.admin1@example.test').userId }, // somebody else's e-mail address
      { userId: contextOf('uma.agent2@example.test').userId, email: 'uma.agent2@example.test' }, // works elsewhere
    ];
    for (const changes of wrong)
      expect(await post(seal({ ...uma, ...changes }))).toMatchObject(refused('user_not_confirmed'));
    expect(await audited()).toHaveLength(3);
    expect((await audited())[0]).toEqual(failure('NobodyWithThisId0001', 'user_not_confirmed'));
  });

  it('who is no agent of the account, or not one yet', async () => {
    await rename(UMA, 'somebody.else@example.test');
    expect(await post(seal(contextOf(UMA)))).toMatchObject(refused('no_agent'));
    await rename('somebody.else@example.test', UMA);
    await database.query('update users set confirmed_at = null where email = $1', [UMA]);
    expect(await post(seal(contextOf(UMA)))).toMatchObject(refused('no_agent'));
    await database.query('update users set confirmed_at = now() where email = $1', [UMA]);
    const [removed] = await database
      .query<{ id: number; user_id: number }>(
        'delete from account_users m using users u where u.id = m.user_id and u.email = $1 returning m.*',
        [UMA],
      )
      .then((result) => result.flat() as { id: number; user_id: number }[]);
    expect(await post(seal(contextOf(UMA)))).toMatchObject(refused('no_agent'));
    await database.query(
      `insert into account_users (account_id, user_id, role, created_at, updated_at) values ($1, $2, 0, now(), now())`,
      [ACCOUNT, removed!.user_id],
    );
  });

  it('while the account does not want it', async () => {
    await database.query(`insert into ghl.sync_settings (account_id, sso_role) values ($1, 'none')`, [
      ACCOUNT,
    ]);
    expect(await post(seal(contextOf(UMA)))).toMatchObject(refused('off'));
    expect(usersAsked()).toBe(0);
  });

  it('in an account that is suspended', async () => {
    await database.query('update accounts set status = 1 where id = $1', [ACCOUNT]);
    expect(await post(seal(contextOf(UMA)))).toMatchObject({
      status: 401,
      body: { code: 'account_suspended' },
    });
    await database.query('update accounts set status = 0 where id = $1', [ACCOUNT]);
    expect(await audited()).toEqual([failure(contextOf(UMA).userId, 'account_suspended')]);
  });

  it('any more, from an address of which thirty attempts have failed', async () => {
    for (let attempt = 0; attempt < 30; attempt += 1) await post('bm90aGluZw==');
    const answer = await post(seal(contextOf(UMA)));
    expect(answer).toMatchObject({ status: 429, body: { code: 'throttled' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(200);
  });

  it('but many may sign on from one address, at once, too', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(seal(contextOf(UMA)))));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('is told without the vendor’s name under the neutral address', async () => {
    const { body } = await post(seal(contextOf(UMA, { companyId: 'SomebodyElsesCompany' })), '/crm/sso');
    expect(body['error']).toBe('This location of the CRM is not connected to DeskFlow');
  });
});
