import { useDatabase } from '../harness/database.js';
import { EventsApi, type ShownEvent, storeEvents } from './events-fixture.js';
import { forgetEverything, LOCATION } from './webhook-fixture.js';

const database = useDatabase();
let api: EventsApi;

beforeAll(async () => {
  api = await EventsApi.start(database);
});
afterEach(() => forgetEverything(database.source));
afterAll(() => api.stop());

const store = (event: Parameters<typeof storeEvents>[1] = {}): Promise<number> =>
  storeEvents(database, event);
const ids = (events: readonly ShownEvent[]): number[] => events.map(({ id }) => id);

async function listed(query = ''): Promise<number[]> {
  const { status, body } = await api.list(query);
  expect(status).toBe(200);
  return ids(body.payload);
}

describe('the list of events', () => {
  it('shows what became of each, newest first, without its payload', async () => {
    const first = await store({ state: 'done', reason: 'unchanged', eventAt: '2026-11-18T09:40:11.000Z' });
    const second = await store({ state: 'failed', entity: null });
    const { status, body } = await api.list();
    expect(status).toBe(200);
    expect(body).toEqual({
      meta: { next_before: null },
      payload: [
        expect.objectContaining({
          id: second,
          state: 'failed',
          entity: null,
          finished_at: null,
          next_attempt_at: expect.stringMatching(/Z$/),
        }),
        {
          id: first,
          type: 'ContactUpdate',
          state: 'done',
          reason: 'unchanged',
          entity: 'contact:Con0InventedPerson01',
          location_id: LOCATION,
          event_at: '2026-11-18T09:40:11.000Z',
          received_at: '2026-11-18T09:40:12.020Z',
          finished_at: expect.stringMatching(/Z$/),
          next_attempt_at: null,
          attempts: 0,
          last_error: null,
        },
      ],
    });
  });

  it('goes on where the page before ended, whatever came meanwhile', async () => {
    await store({ rows: 5 });
    const first = (await api.list('?limit=2')).body;
    await store();
    const second = (await api.list(`?limit=2&before=${first.meta.next_before}`)).body;
    const third = (await api.list(`?limit=2&before=${second.meta.next_before}`)).body;
    expect([first, second, third].map(({ payload }) => ids(payload))).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.meta.next_before).toBeNull();
  });

  it('has 25 a page unless asked otherwise, and ends on a page that is just full', async () => {
    await store({ rows: 50 });
    const first = (await api.list()).body;
    const second = (await api.list(`?before=${first.meta.next_before}`)).body;
    expect([first.payload.length, second.payload.length]).toEqual([25, 25]);
    expect(second.meta.next_before).toBeNull();
  });

  it.each([
    ['state=failed', { state: 'failed' }],
    ['state=parked', { state: 'parked' }],
    ['type=INSTALL', { type: 'INSTALL' }],
    ['entity=contact:Con0InventedPerson02', { entity: 'contact:Con0InventedPerson02' }],
    ['location_id=Loc0InventedSubacc02', { location: 'Loc0InventedSubacc02' }],
    ['reason=too_many_attempts', { reason: 'too_many_attempts' }],
    ['received_after=2026-11-19T00:00:00Z', { receivedAt: '2026-11-19T00:00:00Z' }],
    ['received_after=2026-11-19T02:00:00%2B02:00', { receivedAt: '2026-11-19T00:00:00Z' }],
    ['received_before=2026-11-18T09:40:12.020Z', { receivedAt: '2026-11-18T09:40:12.019Z' }],
    [
      'state=dead&type=ContactCreate&received_after=2026-11-01T00:00Z&received_before=2026-12-01T00:00Z',
      { type: 'ContactCreate' },
    ],
  ])('can be narrowed by %s', async (query, event) => {
    await store();
    const wanted = await store(event);
    await store();
    expect(await listed(`?${query}`)).toEqual([wanted]);
  });

  it('narrowed to nothing is empty', async () => {
    await store();
    expect(await listed("?type=' or true --")).toEqual([]);
  });

  it.each([
    ['state=lost', 'state'],
    ['state=dead&state=done', 'state'],
    ['type=a&type=b', 'type'],
    [`entity=${'x'.repeat(201)}`, 'entity'],
    ['reason=%00', 'reason'],
    ['location_id=%0a', 'location_id'],
    ['received_after=yesterday', 'received_after'],
    ['received_after=2026-11-18', 'received_after'],
    ['received_after=2026-11-18T00:00:00', 'received_after'],
    ['received_before=2026-13-01T00:00:00Z', 'received_before'],
    ['received_before=2026-01-01T00:00:00%2B99:99', 'received_before'],
    ['received_before=0000-01-01T00:00:00Z', 'received_before'],
    ['received_before=1', 'received_before'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['before=0', 'before'],
    ['before=1e3', 'before'],
    ['before=-1', 'before'],
  ])('refuses %s and names the field', async (query, attribute) => {
    const { status, body } = await api.list(`?${query}`);
    expect([status, body.code, body.attributes]).toEqual([422, 'validation_failed', [attribute]]);
  });

  it.each(['9999-12-31T23:59:59-23:59', '1000-01-01T00:00:00%2B23:59', '2026-02-30T00:00:00Z'])(
    'takes or refuses %s, and fails of none',
    async (time) => {
      await store();
      expect([200, 422]).toContain((await api.list(`?received_after=${time}`)).status);
    },
  );
});

describe('a filter that matches next to nothing', () => {
  const LOOKED_AT = 20_000;

  it('leads on from page to page, each after a bounded look', async () => {
    const wanted = await store({ type: 'ContactDelete', state: 'done' });
    await store({ state: 'done', rows: 2 * LOOKED_AT + 5 });
    const query = '?type=ContactDelete&state=done';
    const pages: number[][] = [];
    let before: number | null = null;
    do {
      const { body } = await api.list(query + (before === null ? '' : `&before=${before}`));
      pages.push(ids(body.payload));
      before = body.meta.next_before;
    } while (before !== null);
    expect(pages).toEqual([[], [], [wanted]]);
  });

  it.each(['pending', 'parked', 'ignored', 'processing'])(
    'looks at no more rows where hardly any is %s',
    async (state) => {
      await store({ state });
      await store({ state: 'done', rows: LOOKED_AT });
      const { body } = await api.list(`?state=${state}`);
      expect(body).toMatchObject({ payload: [], meta: { next_before: 2 } });
      expect(await listed(`?state=${state}&before=2`)).toEqual([1]);
    },
  );

  it.each(['dead', 'failed'])('finds at once what is %s, by an index', async (state) => {
    const wanted = await store({ state, type: 'ContactDelete' });
    await store({ state: 'done', rows: 3 * LOOKED_AT });
    await database.query('vacuum analyze ghl.inbox');
    const { body } = await api.list(`?state=${state}&type=ContactDelete`);
    expect(ids(body.payload)).toEqual([wanted]);
    expect(body.meta.next_before).toBeNull();
    const plan = JSON.stringify(
      await database.query(
        `explain (format json) select * from ghl.inbox
          where account_id = 1 and state = '${state}' order by id desc limit ${LOOKED_AT}`,
      ),
    );
    expect(plan).toContain('inbox_troubled_idx');
  });
});

describe('one event', () => {
  it('is shown with its payload, in which secrets are masked', async () => {
    const payload = { type: 'ContactUpdate', firstName: 'Mara', customFields: [{ access_token: 'at-1' }] };
    const id = await store({ body: JSON.stringify(payload) });
    const { status, body } = await api.show(id);
    expect(status).toBe(200);
    expect(body.payload).toMatchObject({
      id,
      payload_format: 'json',
      payload: { ...payload, customFields: [{ access_token: '[redacted]' }] },
      failed_attempts: [],
    });
  });

  it.each([
    [
      'text',
      Buffer.from('{"type":"ContactUpdate","token":"at-1'),
      '{"type":"ContactUpdate","token":"[redacted]"',
    ],
    ['text', Buffer.from([0xff, 0x00, 0x41]), '\ufffd\0A'],
    ['json', Buffer.from('[1]'), [1]],
    ['json', Buffer.from('null'), null],
    ['text', Buffer.alloc(0), ''],
  ])('is shown as %s whatever was delivered (%#)', async (format, bytes, payload) => {
    const id = await store({ body: bytes });
    expect((await api.show(id)).body.payload).toMatchObject({ payload_format: format, payload });
  });

  it('says when its payload was dropped', async () => {
    const id = await store({ state: 'done', body: null });
    expect((await api.show(id)).body.payload).toMatchObject({ payload_format: 'dropped', payload: null });
  });

  it.each(['0', '-1', 'abc', '1e2', '0x1', '99999999999999999999', '4711', '%00'])(
    'that cannot be there (%s) is not found',
    async (id) => {
      await store();
      const { status, body } = await api.show(id);
      expect([status, body.code]).toEqual([404, 'not_found']);
    },
  );
});

describe('events', () => {
  it('of another account, or of none, are invisible', async () => {
    const other = await store({ accountId: 2 });
    const nobodys = await store();
    await database.query('update ghl.inbox set account_id = null where id = $1', [nobodys]);
    expect(await listed()).toEqual([]);
    for (const id of [other, nobodys]) {
      for (const answer of [
        await api.show(id),
        await api.post(`/${id}/replay`),
        await api.post(`/${id}/discard`),
      ])
        expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
    for (const path of ['/replay', '/discard'])
      expect((await api.post(path, {})).body).toMatchObject({ changed: 0, unchanged: 0, refused: {} });
    expect(ids((await api.list('', { as: 'stranger', account: 2 })).body.payload)).toEqual([other]);
  });

  it.each([
    ['agent', 'not_authorized'],
    ['stranger', 'not_a_member'],
  ] as const)('are not for somebody who is %s', async (as, code) => {
    const id = await store();
    const answers = [
      await api.list('', { as }),
      await api.show(id, { as }),
      await api.post(`/${id}/replay`, undefined, { as }),
      await api.post(`/${id}/discard`, undefined, { as }),
      await api.post('/replay', {}, { as }),
      await api.post('/discard', {}, { as }),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(answers.map(() => [401, code]));
    expect(await database.query('select state from ghl.inbox')).toEqual([{ state: 'dead' }]);
  });
});
