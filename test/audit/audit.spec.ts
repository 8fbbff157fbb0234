import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { freePort } from '#apps/standalone/free-port.js';
import { AUDIT_ACTIONS, type AuditEntry, AuditHttpModule, AuditLog } from '#libs/audit';
import { AuthModule } from '#libs/auth';
import { loadConfig } from '#libs/config';
import { useDatabase } from '../harness/database.js';
import { startHttp } from '../harness/service.js';
import { People, type Person } from '../integrations/api-fixture.js';

interface Entry {
  id: number;
  at: string;
  action: string;
  actor: { kind: string; user_id: number | null; name: string | null };
  details: Record<string, unknown>;
}

interface Answer {
  readonly status: number;
  readonly body: {
    payload: Entry[];
    meta: { next_before: number | null };
    code?: string;
    attributes?: string[];
  };
}

const database = useDatabase();
let people: People;
let app: NestFastifyApplication;
let url: string;
let adminId: number;

beforeAll(async () => {
  people = await People.seed(database.source);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const config = loadConfig({ NODE_ENV: 'test', DATABASE_URL: database.url, PORT: String(port) });
  app = await startHttp(config, [AuthModule, AuditHttpModule]);
  const [user] = await database.query<{ id: number }>(
    `select id from users where email = 'admin@example.com'`,
  );
  adminId = user?.id ?? 0;
});
afterEach(() => database.query('truncate ghl.audit_events'));
afterAll(() => app.close());

const record = (entry: Partial<AuditEntry> = {}): Promise<void> =>
  app.get(AuditLog).record({
    accountId: 1,
    action: 'event.replay',
    actor: { kind: 'user', userId: adminId },
    outcome: 'success',
    ...entry,
  });

async function read(
  query = '',
  { as = 'admin', account = 1 }: { as?: Person; account?: number } = {},
): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/accounts/${account}/integrations/ghl/audit${query}`, {
    headers: { api_access_token: people.token(as) },
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

describe('AuditLog.record', () => {
  it('keeps an entry of its own accord', async () => {
    await record({
      hookId: 7,
      locationId: 'loc',
      details: { event_id: 42, was: 'dead' },
      outcome: 'failure',
    });
    expect(await database.query('select * from ghl.audit_events')).toEqual([
      {
        id: expect.any(Number),
        account_id: 1,
        at: expect.any(Date),
        action: 'event.replay',
        actor_kind: 'user',
        actor_user_id: adminId,
        hook_id: 7,
        location_id: 'loc',
        outcome: 'failure',
        details: { event_id: 42, was: 'dead' },
      },
    ]);
  });

  it("stands and falls with the caller's transaction", async () => {
    const rolledBack = database.source.transaction(async (manager) => {
      await app
        .get(AuditLog)
        .record(
          { accountId: 1, action: 'event.replay', actor: { kind: 'system' }, outcome: 'success' },
          manager,
        );
      expect(await manager.query('select from ghl.audit_events')).toHaveLength(1);
      expect(await database.query('select from ghl.audit_events')).toEqual([]);
      throw new Error('not done after all');
    });
    await expect(rolledBack).rejects.toThrow('not done after all');
    expect(await database.query('select from ghl.audit_events')).toEqual([]);
  });

  it('keeps no secret that somebody put among the facts', async () => {
    await record({ details: { access_token: 'at-1', reason: 'refused with Bearer abcdef.123456' } });
    expect((await read()).body.payload[0]?.details).toEqual({
      access_token: '[redacted]',
      reason: expect.not.stringContaining('abcdef'),
    });
  });

  it('keeps what jsonb refuses in a form that it takes', async () => {
    await record({ details: { entity: 'contact:a\0b\ud800' } });
    expect((await read()).body.payload[0]?.details).toEqual({ entity: 'contact:a\uFFFDb\uFFFD' });
  });
});

describe('GET …/integrations/ghl/audit', () => {
  it('tells who did what, newest first', async () => {
    await record({ details: { event_id: 1 } });
    await record({
      actor: { kind: 'highlevel' },
      action: 'event.discard',
      outcome: 'failure',
      locationId: 'loc',
    });
    const { status, body } = await read();
    expect(status).toBe(200);
    expect(body).toEqual({
      payload: [
        {
          id: expect.any(Number),
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          action: 'event.discard',
          actor: { kind: 'highlevel', user_id: null, name: null },
          outcome: 'failure',
          hook_id: null,
          location_id: 'loc',
          details: {},
        },
        expect.objectContaining({
          actor: { kind: 'user', user_id: adminId, name: expect.stringMatching(/./) },
          details: { event_id: 1 },
        }),
      ],
      meta: { next_before: null },
    });
  });

  it('still knows that a user did it when the user is gone', async () => {
    await record({ actor: { kind: 'user', userId: 999_999 } });
    expect((await read()).body.payload[0]?.actor).toEqual({ kind: 'user', user_id: 999_999, name: null });
  });

  it('goes on where the page before ended, whatever was added meanwhile', async () => {
    for (const event_id of [1, 2, 3, 4, 5]) await record({ details: { event_id } });
    const first = (await read('?limit=2')).body;
    await record({ details: { event_id: 6 } });
    const second = (await read(`?limit=2&before=${first.meta.next_before}`)).body;
    const third = (await read(`?limit=2&before=${second.meta.next_before}`)).body;
    expect(
      [first, second, third].map(({ payload }) => payload.map(({ details }) => details['event_id'])),
    ).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.meta.next_before).toBeNull();
  });

  it('shows one action only when asked to', async () => {
    await record();
    await record({ action: 'events.discard' });
    expect((await read('?action=events.discard')).body.payload.map(({ action }) => action)).toEqual([
      'events.discard',
    ]);
  });

  it('shows an account nothing of another', async () => {
    await record();
    await record({ accountId: 2, action: 'event.discard' });
    expect((await read()).body.payload.map(({ action }) => action)).toEqual(['event.replay']);
    expect((await read('', { as: 'stranger', account: 2 })).body.payload.map(({ action }) => action)).toEqual(
      ['event.discard'],
    );
  });

  it('is for administrators of the account', async () => {
    expect([
      (await read('', { as: 'agent' })).body.code,
      (await read('', { as: 'stranger' })).body.code,
    ]).toEqual(['not_authorized', 'not_a_member']);
  });

  it.each([
    ['?limit=101', 'limit'],
    ['?limit=0', 'limit'],
    ['?limit=1e1', 'limit'],
    ['?before=abc', 'before'],
    ['?before=99999999999999999999', 'before'],
    ['?before=1&before=2', 'before'],
    ['?action=everything', 'action'],
    ['?action=event.replay&action=event.replay', 'action'],
  ])('refuses %s', async (query, attribute) => {
    const { status, body } = await read(query);
    expect([status, body.code, body.attributes]).toEqual([422, 'validation_failed', [attribute]]);
  });

  it.each(['', ` and action = '${AUDIT_ACTIONS[0]}'`])(
    'reads a page by an index, however much there is (where account_id = 9%s)',
    async (condition) => {
      await database.query(
        `insert into ghl.audit_events (account_id, action, actor_kind, outcome)
         select n % 2000, case n % 4000 when 9 then $1 else 'event.discard' end, 'system', 'success'
           from generate_series(1, 20000) n`,
        [AUDIT_ACTIONS[0]],
      );
      await database.query('analyze ghl.audit_events');
      const plan = JSON.stringify(
        await database.query(
          `explain (format json) select * from ghl.audit_events
            where account_id = 9 ${condition} order by id desc limit 26`,
        ),
      );
      expect(plan).toMatch(/audit_events_(account|action)_idx/);
      expect(plan).not.toMatch(/Seq Scan/);
    },
  );
});
