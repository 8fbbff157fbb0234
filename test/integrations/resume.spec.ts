import { ScheduleModule } from '@nestjs/schedule';
import { ContactSyncWorkerModule } from '#libs/contact-sync';
import { QueueModule } from '#libs/queue';
import { WebhooksModule, WebhooksWorkerModule } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Browser } from '../oauth/browser.js';
import { ApiFixture, People } from './api-fixture.js';
import { ConnectionFixture, type HookRow } from './connection-fixture.js';

const STATUS = '/api/v1/accounts/1/integrations/ghl/status';

const database = useDatabase();
let fixture: ConnectionFixture;
/** API and worker in one, with HighLevel's webhooks coming in. */
let api: ApiFixture;
let admin: Browser;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(
    fixture,
    people,
    { GHL_WEBHOOK_PUBLIC_KEYS: fixture.simulator.publicKeyPem },
    (config) => [
      ScheduleModule.forRoot(),
      QueueModule.register(config),
      ContactSyncWorkerModule,
      WebhooksModule,
      WebhooksWorkerModule,
    ],
  );
  fixture.simulator.settings.change({ webhookUrl: `${api.url}/webhooks/ghl` });
  admin = new Browser(api);
});
afterEach(async () => {
  await fixture.simulator.webhooks.idle();
  await fixture.reset();
  await database.query('truncate contacts');
});
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

async function hook(): Promise<HookRow> {
  const [row] = await database.query<{ id: number }>('select id from integrations_hooks');
  return fixture.row(row?.id ?? 0);
}

const writeHere = (name: string): Promise<unknown> =>
  database.query(
    `insert into contacts (account_id, name, email, created_at, updated_at)
     values (1, $1::text, lower($1::text) || '@example.test', now(), now())`,
    [name],
  );
const writeThere = (firstName: string): Promise<Response> =>
  fetch(`${fixture.simulator.url}/_sim/locations/${fixture.locationId()}/contacts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ firstName, email: `${firstName.toLowerCase()}@there.example.test` }),
  });

const namesHere = async (): Promise<string[]> =>
  (await database.query<{ name: string }>('select name from contacts order by name')).map(({ name }) => name);
const isThere = (name: string): boolean =>
  fixture.simulator.contacts
    .list(fixture.locationId())
    .some(({ email }) => email === `${name.toLowerCase()}@example.test`);
const outbox = async (): Promise<{ state: string; attempts: number }[]> =>
  database.query(`select state, attempts from ghl.outbox where state <> 'ignored' order by id`);

/** What makes the connection unwell, what it is then, and what makes it well again. */
const CASES: readonly [string, { fail(): Promise<void>; mend(): Promise<void> }][] = [
  [
    'reauthorization_required',
    {
      async fail() {
        fixture.simulator.world.tokens.revokeWhere(() => true);
        fixture.simulator.faults.add({ kind: 'status', status: 400, path: '/oauth/reconnect' });
        await api.call('POST', STATUS.replace('status', 'refresh'), { as: 'admin' });
      },
      async mend() {
        expect((await admin.connect({ location: fixture.locationId() })).target.search).toBe('');
      },
    },
  ],
  [
    'suspended',
    {
      async fail() {
        fixture.simulator.faults.add({ kind: 'location_not_active', path: '/oauth/token' });
        await api.call('POST', STATUS.replace('status', 'refresh'), { as: 'admin' });
      },
      async mend() {
        const { status } = await api.call('POST', STATUS.replace('status', 'refresh'), { as: 'admin' });
        expect(status).toBe(200);
      },
    },
  ],
];

describe.each(CASES)('a connection that is %s for a while', (state, { fail, mend }) => {
  it('loses nothing that queued up on either side, and goes on by itself when it is well again', async () => {
    await admin.connect({ location: fixture.locationId() });
    const { id } = await hook();
    await fail();
    expect(await hook()).toMatchObject({ status: 1, state });

    // HighLevel keeps its contacts from one case to the next: names of their own.
    const [ada, bo, boris, cleo] = ['Ada', 'Bo', 'Boris', 'Cleo'].map((name) => `${name}-${state}`);
    await writeHere(ada!);
    await writeHere(bo!);
    await database.query('update contacts set name = $2 where name = $1', [bo, boris]);
    await writeThere(cleo!);
    // HighLevel's events are taken in all the while; what goes out waits, and no attempt is spent on it.
    await eventually(async () => expect(await namesHere()).toEqual([ada, boris, cleo]));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(isThere(ada!) || isThere(bo!)).toBe(false);
    const waiting = await outbox();
    expect(waiting.length).toBeGreaterThan(1);
    expect(waiting.every((row) => row.state === 'pending' && row.attempts === 0)).toBe(true);
    const { body } = await api.call('GET', STATUS, { as: 'admin' });
    expect(body).toMatchObject({ state, last_error: expect.stringMatching(/^[A-Z].+/) });

    await mend();
    expect((await hook()).id).toBe(id);
    await eventually(async () => {
      expect([isThere(ada!), isThere(bo!)]).toEqual([true, true]);
      expect((await outbox()).map((row) => row.state)).toEqual(waiting.map(() => 'done'));
    });
    expect(await namesHere()).toEqual([ada, boris, cleo]);
    expect((await api.call('GET', STATUS, { as: 'admin' })).body).toMatchObject({
      state: 'connected',
      last_error: null,
      reauthorization_required: false,
    });
  });
});
