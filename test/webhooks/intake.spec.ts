import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useDatabase } from '../harness/database.js';
import {
  APP,
  COMPANY,
  connectedHook,
  contactEvent,
  forgetEverything,
  inboxRows,
  Intake,
  LOCATION,
  SIGNATURES,
} from './webhook-fixture.js';

const PAYLOADS = join(import.meta.dirname, '..', 'fixtures', 'webhooks');
const ACCEPTED = { status: 200, body: { success: true } };
const REFUSED = { status: 401, body: { error: 'Invalid signature', code: 'signature_rejected' } };

const REFUSED_AS_OLD = { status: 422, body: { code: 'outside_replay_window' } };
const DAY_MS = 86_400_000;

const database = useDatabase();
let intake: Intake;

beforeAll(async () => {
  intake = await Intake.start(database.url);
});
afterEach(() => forgetEverything(database.source));
afterAll(() => intake.stop());

const rows = (): ReturnType<typeof inboxRows> => inboxRows(database.source);

describe('a signature', () => {
  it.each(Object.entries(SIGNATURES))('of the scheme %s lets a delivery in', async (_, headers) => {
    expect(await intake.deliver(contactEvent(), { headers })).toMatchObject(ACCEPTED);
    expect(await rows()).toHaveLength(1);
  });

  it('lets a delivery in under the neutral name, too', async () => {
    expect(await intake.deliver(contactEvent(), { path: '/webhooks/crm' })).toMatchObject(ACCEPTED);
    expect(await rows()).toHaveLength(1);
  });

  const other = (body: Buffer): Buffer => Buffer.concat([body, Buffer.from(' ')]);
  it.each<[string, (body: Buffer) => Record<string, string>]>([
    ['that is missing', () => ({})],
    ['that says N/A', () => ({ 'x-ghl-signature': 'N/A' })],
    ['that is garbled', () => ({ 'x-ghl-signature': '!!!not base64!!!' })],
    [
      'of the wrong length',
      (body) => ({ 'x-ghl-signature': SIGNATURES.ed25519(body)['x-ghl-signature'].slice(4) }),
    ],
    ['over other bytes', (body) => SIGNATURES.ed25519(other(body))],
    ['over other bytes, by the shared secret', (body) => SIGNATURES.hmacHex(other(body))],
    ['over other bytes, by the legacy key', (body) => SIGNATURES.rsa(other(body))],
    [
      'that is wrong, beside a right one of the legacy scheme',
      (body) => ({ ...SIGNATURES.rsa(body), ...SIGNATURES.ed25519(other(body)) }),
    ],
  ])('%s refuses it, and nothing is kept', async (_, headers) => {
    const answer = await intake.deliver(contactEvent({ firstName: 'Unheard' }), { headers });
    expect(answer).toMatchObject(REFUSED);
    expect(JSON.stringify(answer.body)).not.toContain('Unheard');
    expect(await rows()).toEqual([]);
  });

  it('of the legacy scheme counts where the current header says N/A', async () => {
    const headers = (body: Buffer): Record<string, string> => ({
      ...SIGNATURES.rsa(body),
      'x-ghl-signature': 'N/A',
    });
    expect(await intake.deliver(contactEvent(), { headers })).toMatchObject(ACCEPTED);
  });

  it('by the shared secret counts no longer when the scheme is off', async () => {
    const strict = await Intake.start(database.url, { GHL_WEBHOOK_HMAC: 'off' });
    expect(await strict.deliver(contactEvent(), { headers: SIGNATURES.hmacHex })).toMatchObject(REFUSED);
    expect(await strict.deliver(contactEvent())).toMatchObject(ACCEPTED);
    await strict.stop();
  });

  it('is needed for an empty body, too', async () => {
    expect(await intake.deliver('', { headers: () => ({}) })).toMatchObject(REFUSED);
    expect(await intake.deliver('')).toMatchObject(ACCEPTED);
    expect(await rows()).toMatchObject([{ state: 'dead', reason: 'unreadable_body' }]);
  });
});

describe('a body', () => {
  const text = contactEvent();
  it.each<[string, string | Buffer]>([
    ['with \\u0000', JSON.stringify({ ...text, firstName: 'Ma\u0000ra' })],
    ['with lone surrogates', JSON.stringify(text).replace('Mara', String.raw`\ud83d Mara \udc4d`)],
    ['with duplicate keys', JSON.stringify(text).replace('{', '{"firstName":"First","type":"Nonsense",')],
    [
      'in an order and spacing of its own',
      ` {\n\t"id" :"x",${JSON.stringify(text).slice(1).replaceAll(',', ' ,\r\n')}  `,
    ],
    ['of 250 KB', JSON.stringify({ ...text, source: 'x'.repeat(250_000) })],
    ['that nests deeply', `{"type":"ContactUpdate","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    [
      'that is no UTF-8',
      Buffer.concat([Buffer.from('{"type":"X","a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    ],
  ])('%s is verified and kept byte for byte', async (_, body) => {
    expect(await intake.deliver(body)).toMatchObject(ACCEPTED);
    const [row] = await rows();
    expect(row?.body.equals(Buffer.from(body))).toBe(true);
  });

  it.each([
    'not json',
    '[]',
    'null',
    '"ContactCreate"',
    '{}',
    '{"type":7}',
    '{"type":""}',
    '{"type":"a\\u0000"}',
  ])('that is %s is kept as dead, since somebody signed it', async (body) => {
    expect(await intake.deliver(body)).toMatchObject(ACCEPTED);
    expect(await rows()).toMatchObject([{ state: 'dead', reason: 'unreadable_body' }]);
  });

  it('over the limit is refused', async () => {
    const answer = await intake.deliver(`{"type":"X","a":"${'x'.repeat(530_000)}"}`);
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  it.each(readdirSync(PAYLOADS).filter((name) => name.endsWith('.json')))(
    'like %s goes in unchanged',
    async (name) => {
      await connectedHook(database.source);
      const body = readFileSync(join(PAYLOADS, name));
      expect(await intake.deliver(body)).toMatchObject(ACCEPTED);
      const [row] = await rows();
      expect(row?.body.equals(body)).toBe(true);
      expect(['pending', 'ignored']).toContain(row?.state);
    },
  );
});

describe('what becomes of an event', () => {
  const CONTACT = ['ContactCreate', 'ContactUpdate', 'ContactDelete', 'ContactTagUpdate', 'ContactDndUpdate'];

  it.each(CONTACT)('%s of a connected location is to be applied', async (type) => {
    const hookId = await connectedHook(database.source);
    await intake.deliver(contactEvent({ type }));
    expect(await rows()).toMatchObject([{ type, state: 'pending', hook_id: hookId, account_id: 1 }]);
  });

  it.each([
    ['a message that came in', { type: 'InboundMessage' }, 'message_sync_not_available'],
    ['a message that went out', { type: 'OutboundMessage' }, 'message_sync_not_available'],
    ['an unknown type', { type: 'OpportunityCreate' }, 'unhandled_type'],
    ["another app's event", { appId: '1234567890abcdef12345678' }, 'other_app'],
    ['a location nobody connected', { locationId: 'Loc0InventedSubacc99' }, 'location_not_connected'],
    ['no location', { locationId: undefined }, 'no_location'],
    ['an installation of nothing', { type: 'INSTALL', locationId: undefined }, 'no_location'],
    ['an installation that is connected', { type: 'INSTALL' }, 'already_connected'],
  ])('%s is kept as ignored, with the reason', async (_, changes, reason) => {
    await connectedHook(database.source);
    expect(await intake.deliver(contactEvent(changes))).toMatchObject(ACCEPTED);
    expect(await rows()).toMatchObject([{ state: 'ignored', reason }]);
  });

  it('takes its own app by the id before the hyphen', async () => {
    await connectedHook(database.source);
    await intake.deliver(contactEvent({ appId: APP }));
    expect(await rows()).toMatchObject([{ state: 'pending' }]);
  });

  it('ignores events of a location whose app was removed', async () => {
    await connectedHook(database.source, { enabled: false });
    await intake.deliver(contactEvent());
    expect(await rows()).toMatchObject([{ state: 'ignored', reason: 'disconnected' }]);
  });

  it('parks an installation that nobody has claimed', async () => {
    await intake.deliver({ type: 'INSTALL', appId: APP, locationId: LOCATION, webhookId: randomUUID() });
    await intake.deliver({ type: 'INSTALL', appId: APP, companyId: COMPANY, webhookId: randomUUID() });
    expect(await rows()).toMatchObject([
      { state: 'parked', reason: 'not_claimed', account_id: null },
      { state: 'parked', reason: 'not_claimed', account_id: null },
    ]);
  });

  it('gives the events of a location to the account that holds it', async () => {
    await connectedHook(database.source, { accountId: 1, enabled: false });
    const hookId = await connectedHook(database.source, { accountId: 2 });
    await intake.deliver(contactEvent());
    expect(await rows()).toMatchObject([{ state: 'pending', hook_id: hookId, account_id: 2 }]);
  });
});

describe('a delivery that comes again', () => {
  it('is answered with 200 and has no effect', async () => {
    const event = contactEvent();
    expect(await intake.deliver(event)).toMatchObject(ACCEPTED);
    expect(await intake.deliver({ ...event, firstName: 'Changed' })).toMatchObject(ACCEPTED);
    const kept = await rows();
    expect(kept).toHaveLength(1);
    expect(kept[0]?.body.toString()).toContain('Mara');
  });

  it('is kept once when all copies come at the same moment, at two processes', async () => {
    const second = await Intake.start(database.url);
    const event = contactEvent();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, copy) => (copy % 2 ? intake : second).deliver(event)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await rows()).toHaveLength(1);
    await second.stop();
  });

  it('without a webhook id is known by its delivery id, and without either by its bytes', async () => {
    const event = contactEvent({ webhookId: undefined, timestamp: new Date().toISOString() });
    const also = { deliveryId: randomUUID() };
    await intake.deliver(event, { also });
    await intake.deliver({ ...event, firstName: 'Again' }, { also });
    await intake.deliver(event);
    await intake.deliver(event);
    expect((await rows()).map(({ delivery_key }) => delivery_key)).toEqual([
      `delivery:${also.deliveryId}`,
      expect.stringMatching(/^body:[0-9a-f]{64}$/),
    ]);
  });

  it.each([
    [5 * DAY_MS, REFUSED_AS_OLD],
    [3 * DAY_MS, ACCEPTED],
    [-2 * 3_600_000, REFUSED_AS_OLD],
  ])('without a webhook id is judged by its age: %s ms', async (ageMs, answer) => {
    const timestamp = new Date(Date.now() - ageMs).toISOString();
    const event = contactEvent({ webhookId: undefined, timestamp });
    expect(await intake.deliver(event, { also: { deliveryId: randomUUID() } })).toMatchObject(answer);
    expect(await rows()).toHaveLength(answer === ACCEPTED ? 1 : 0);
  });

  it('with a webhook id is not refused for its age, and has no effect all the same', async () => {
    const event = contactEvent({ timestamp: '2020-01-01T00:00:00.000Z' });
    expect(await intake.deliver(event)).toMatchObject(ACCEPTED);
    expect(await intake.deliver(event)).toMatchObject(ACCEPTED);
    expect(await rows()).toHaveLength(1);
  });

  it('may be older when the window is wider', async () => {
    const patient = await Intake.start(database.url, { WEBHOOK_REPLAY_WINDOW: '20d' });
    const timestamp = new Date(Date.now() - 19 * DAY_MS).toISOString();
    expect(await patient.deliver(contactEvent({ webhookId: undefined, timestamp }))).toMatchObject(ACCEPTED);
    await patient.stop();
  });

  it('of different events at once keeps each of them', async () => {
    const events = Array.from({ length: 300 }, () => contactEvent());
    await Promise.all(events.map((event) => intake.deliver(event)));
    expect(await rows()).toHaveLength(300);
  });
});

describe('while PostgreSQL is away', () => {
  const fresh = useDatabase();

  it('asks to deliver again, and takes the delivery when it is back', async () => {
    const away = await Intake.start(fresh.url);
    const event = contactEvent();
    expect((await away.deliver(event)).status).toBe(200);
    const name = new URL(fresh.url).pathname.slice(1);
    await database.query(`alter database ${name} allow_connections false`);
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [name]);

    const answer = await away.deliver(contactEvent());
    expect(answer).toMatchObject({ status: 429, body: { code: 'throttled' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);

    await database.query(`alter database ${name} allow_connections true`);
    expect((await away.deliver(contactEvent())).status).toBe(200);
    await away.stop();
  });

  it('asks to deliver again also when it cannot even read its settings', async () => {
    const starting = await Intake.start(fresh.url);
    await fresh.query('alter table installation_configs rename to away');
    expect(await starting.deliver(contactEvent())).toMatchObject({
      status: 429,
      body: { code: 'throttled' },
    });
    await fresh.query('alter table away rename to installation_configs');
    expect((await starting.deliver(contactEvent())).status).toBe(200);
    await starting.stop();
  });
});
