import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '#libs/config';
import { useDatabase } from '../../test/harness/database.js';
import { People, type Person, startApp } from './auth.fixture.js';
import { Sessions } from './index.js';

const LOCATION = 'Loc0InventedSubacc01';
const database = useDatabase();

let app: NestFastifyApplication;
let acme: number;
let other: number;
let admin: Person;
let agent: Person;
let root: Person;

beforeAll(async () => {
  const people = new People(database.source);
  app = await startApp(loadConfig({ SWAGGER_ACCESS: 'admin' }), database.source);
  [acme, other] = [await people.account('Acme'), await people.account('Other')];
  admin = await people.person({ name: 'Ada' });
  agent = await people.person({ name: 'Bob' });
  root = await people.person({ name: 'Root', type: 'SuperAdmin' });
  for (const account of [acme, other]) {
    await people.join(account, admin.id, 1);
    await people.join(account, agent.id, 0);
    await people.join(account, root.id, 1);
  }
});
afterAll(() => app.close());

beforeEach(async () => {
  await database.query('truncate integrations_hooks, ghl.sync_settings');
  await database.query(
    `insert into integrations_hooks (account_id, app_id, hook_type, reference_id, status, settings, created_at, updated_at)
     values ($1, 'gohighlevel', 0, $2, 1, '{}', now(), now())`,
    [acme, LOCATION],
  );
});

const letIn = (role: string): Promise<unknown> =>
  database.query('insert into ghl.sync_settings (account_id, sso_role) values ($1, $2)', [acme, role]);

/** As the one who signed on from HighLevel's frame at Acme's location. */
async function sessionOf({ id }: Person): Promise<{ authorization: string }> {
  const { token, expiresInSeconds } = await app
    .get(Sessions)
    .issueConfined(id, { accountId: acme, locationId: LOCATION });
  expect(expiresInSeconds).toBe(3_600);
  return { authorization: `Bearer ${token}` };
}

async function ask(url: string, headers: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const answer = await app.inject({ method: url.endsWith('/admins') ? 'POST' : 'GET', url, headers });
  return { status: answer.statusCode, body: answer.json() };
}

describe('a session that HighLevel vouched for', () => {
  it('opens its account, and none of the others that its user belongs to', async () => {
    const session = await sessionOf(agent);
    expect(await ask(`/accounts/${acme}/members`, session)).toMatchObject({
      status: 200,
      body: { user: { id: agent.id }, account: { id: acme, role: 'agent' } },
    });
    expect(await ask(`/accounts/${other}/members`, session)).toMatchObject({
      status: 401,
      body: { code: 'not_a_member' },
    });
  });

  it('makes nobody more than an agent, unless the account has said so', async () => {
    const session = await sessionOf(admin);
    expect(await ask(`/accounts/${acme}/members`, session)).toMatchObject({
      body: { account: { role: 'agent' } },
    });
    expect(await ask(`/accounts/${acme}/admins`, session)).toMatchObject({
      status: 401,
      body: { code: 'not_authorized' },
    });
    await letIn('administrator');
    expect((await ask(`/accounts/${acme}/admins`, session)).status).toBe(201);
    expect((await ask(`/accounts/${acme}/admins`, await sessionOf(agent))).status).toBe(401);
  });

  it.each([
    ['lets nobody in any more', (): Promise<unknown> => letIn('none')],
    ['gives up the location', () => database.query('delete from integrations_hooks')],
    ['loses it', () => database.query('update integrations_hooks set status = 0')],
  ])('ends when the account %s', async (_when, end) => {
    const session = await sessionOf(agent);
    expect((await ask('/me', session)).status).toBe(200);
    await end();
    expect(await ask('/me', session)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  it('is no way into the installation, nor to its documentation', async () => {
    await letIn('administrator');
    const session = await sessionOf(root);
    expect(await ask('/me', session)).toMatchObject({ status: 200, body: { isSuperAdmin: false } });
    expect((await ask('/supers', session)).status).toBe(401);
    expect((await app.inject({ url: '/docs-json', headers: session })).statusCode).toBe(401);
    const { token } = await app.get(Sessions).issue(root.id);
    const own = { authorization: `Bearer ${token}` };
    expect((await app.inject({ url: '/docs-json', headers: own })).statusCode).toBe(200);
  });
});
