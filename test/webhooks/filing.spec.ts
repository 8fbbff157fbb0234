import { createHash } from 'node:crypto';
import { useDatabase } from '../harness/database.js';
import {
  connectedHook,
  contactEvent,
  Filer,
  forgetEverything,
  inboxRows,
  Intake,
} from './webhook-fixture.js';

/** PostgreSQL itself refuses some types of events: what it says is the type. */
const REFUSAL = `
  create function refuse_type() returns trigger language plpgsql as $$
  begin
    if new.type like 'SQLSTATE %' then
      raise exception 'refused' using errcode = substring(new.type from 10 for 5);
    end if;
    return new;
  end $$;
  create trigger refuse_type before insert on ghl.inbox for each row execute function refuse_type()`;

const database = useDatabase();
let intake: Intake;
let filer: Filer;

beforeAll(async () => {
  [intake, filer] = await Promise.all([
    Intake.start(database.url, {}, { files: false }),
    Filer.start(database.url),
  ]);
});
afterEach(() => forgetEverything(database.source));
afterAll(() => Promise.all([intake.stop(), filer.stop()]));

const rows = (): ReturnType<typeof inboxRows> => inboxRows(database.source);

async function journal(): Promise<{ lengths: number[]; delivery_ids: (string | null)[]; bodies: Buffer }[]> {
  return database.query('select lengths, delivery_ids, bodies from ghl.intake_journal order by id');
}

describe('what was taken in', () => {
  it('is kept byte for byte before anybody has looked at it', async () => {
    const body = ' {"type":"ContactCreate", "webhookId" : "w-1" , "firstName":"Zo\\u00eb \u{1F600}"}';
    expect((await intake.deliver(body)).status).toBe(200);
    expect(await journal()).toEqual([
      { lengths: [Buffer.byteLength(body)], delivery_ids: [], bodies: Buffer.from(body) },
    ]);
    expect(await rows()).toEqual([]);
    await filer.file();
    expect((await rows())[0]?.body.toString()).toBe(body);
    expect(await journal()).toEqual([]);
  });

  it('shares commits, and comes apart again', async () => {
    await connectedHook(database.source);
    const bodies = Array.from({ length: 300 }, (_, n) =>
      JSON.stringify(contactEvent({ source: 'x'.repeat(n) })),
    );
    await Promise.all(bodies.map((body) => intake.deliver(body)));
    expect((await journal()).length).toBeLessThan(bodies.length);
    await filer.file();
    expect((await rows()).map(({ body }) => body.toString()).toSorted()).toEqual(bodies.toSorted());
  });

  it('is found where its wake-up was lost, or whoever heard it has died', async () => {
    await intake.deliver(contactEvent());
    await filer.look();
    expect(await rows()).toHaveLength(1);
  });

  it('is filed in the order of its arrival, each once, however many are at it', async () => {
    const hookId = await connectedHook(database.source);
    const other = await Filer.start(database.url);
    const ids: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      const event = contactEvent();
      ids.push(`webhook:${String(event['webhookId'])}`);
      await intake.deliver(event);
      if (n % 3 === 0) await intake.deliver(event);
    }
    await Promise.all([filer.file(), other.file(), filer.file(), other.file()]);
    const filed = await rows();
    expect(filed.map(({ delivery_key }) => delivery_key)).toEqual(ids);
    expect(new Set(filed.map(({ hook_id, state }) => `${hook_id} ${state}`))).toEqual(
      new Set([`${hookId} pending`]),
    );
    expect(await journal()).toEqual([]);
    await other.stop();
  });

  it('that is more than one statement takes is filed all the same', async () => {
    const bodies = Array.from({ length: 9 }, (_, n) =>
      JSON.stringify(contactEvent({ n, source: 'x'.repeat(240_000) })),
    );
    for (const body of bodies) await intake.deliver(body);
    await filer.file();
    expect((await rows()).map(({ body }) => body.toString())).toEqual(bodies);
  });

  it('has the time at which it came', async () => {
    await intake.deliver(contactEvent());
    await database.query(`update ghl.intake_journal set received_at = '2026-11-20T08:00:00.123Z'`);
    await filer.file();
    expect(await database.query('select received_at from ghl.inbox')).toEqual([
      { received_at: new Date('2026-11-20T08:00:00.123Z') },
    ]);
  });

  it('is known by its delivery id where it has no webhookId', async () => {
    const event = { ...contactEvent({ webhookId: undefined }), timestamp: new Date().toISOString() };
    await intake.deliver(event, { also: { deliveryid: 'delivery-7' } });
    await intake.deliver(event);
    await filer.file();
    const digest = createHash('sha256').update(JSON.stringify(event)).digest('hex');
    expect((await rows()).map(({ delivery_key }) => delivery_key)).toEqual([
      'delivery:delivery-7',
      `body:${digest}`,
    ]);
  });
});

describe('a delivery that only mentions a webhookId', () => {
  it('is kept, and never applied when it is too old', async () => {
    await connectedHook(database.source);
    const event = contactEvent({ webhookId: undefined, custom: { webhookId: 'nested' } });
    expect((await intake.deliver({ ...event, timestamp: '2020-01-01T00:00:00Z' })).status).toBe(200);
    await filer.file();
    expect(await rows()).toMatchObject([{ state: 'ignored', reason: 'outside_replay_window' }]);
  });

  it('in escaped letters has one', async () => {
    const body = JSON.stringify(contactEvent({ timestamp: '2020-01-01T00:00:00Z' })).replace(
      '"webhookId"',
      String.raw`"webhook\u0049d"`,
    );
    expect((await intake.deliver(body)).status).toBe(200);
    await filer.file();
    expect(await rows()).toMatchObject([{ delivery_key: expect.stringMatching(/^webhook:/) }]);
  });
});

describe('when PostgreSQL refuses', () => {
  beforeAll(() => database.source.query(REFUSAL));

  it('one of them for its values, that one is kept as unreadable, and its neighbours are filed', async () => {
    await connectedHook(database.source);
    for (const type of ['ContactCreate', 'SQLSTATE 22023', 'ContactUpdate'])
      await intake.deliver(contactEvent({ type }));
    await filer.file();
    expect(await rows()).toMatchObject([
      { type: 'ContactCreate', state: 'pending' },
      { type: '', state: 'dead', reason: 'unreadable_body' },
      { type: 'ContactUpdate', state: 'pending' },
    ]);
    expect((await rows())[1]?.body.toString()).toContain('SQLSTATE 22023');
  });

  it('for the moment, everything waits in the journal and is filed later', async () => {
    await intake.deliver(contactEvent());
    await intake.deliver(contactEvent({ type: 'SQLSTATE 40001' }));
    await expect(filer.file()).rejects.toThrow('refused');
    expect(await rows()).toEqual([]);
    expect(await journal()).toHaveLength(2);
    await database.query('alter table ghl.inbox disable trigger refuse_type');
    await filer.file();
    expect(await rows()).toHaveLength(2);
    await database.query('alter table ghl.inbox enable trigger refuse_type');
  });
});
