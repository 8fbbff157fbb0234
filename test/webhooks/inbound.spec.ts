import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sayFailure } from '#libs/queue';
import { InboundProcessor } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import {
  COMPANY,
  connectedHook,
  contactEvent,
  forgetEverything,
  inboxRows,
  Intake,
  LOCATION,
  SIGNATURES,
  TROUBLE,
  Worker,
} from './webhook-fixture.js';

const database = useDatabase();
let intake: Intake;
let worker: Worker;
let hookId: number;

beforeAll(async () => {
  intake = await Intake.start(database.url);
  worker = await Worker.start(database.url);
  await database.query(TROUBLE);
});
beforeEach(async () => {
  hookId = await connectedHook(database.source);
});
afterEach(() => forgetEverything(database.source));
afterAll(async () => {
  await worker.stop();
  await intake.stop();
});

/** In the order of their timestamps. */
const STORY = ['ContactCreate', 'ContactUpdate', 'ContactTagUpdate', 'ContactDndUpdate', 'ContactDelete'];

const rows = (): ReturnType<typeof inboxRows> => inboxRows(database.source);
const contacts = (): Promise<{ name: string; email: string }[]> =>
  database.query('select name, email from contacts order by id');
const person = (number: number): Record<string, unknown> =>
  contactEvent({
    id: `Con0InventedPerson1${number}`,
    email: `person.${number}@example.test`,
    lastName: `P${number}`,
  });
const minute = (n: number): string => new Date(Date.UTC(2026, 10, 18, 9, n)).toISOString();

describe('events of a contact', () => {
  it.each(Object.entries(SIGNATURES))('signed with %s reach DeskFlow', async (_, headers) => {
    await intake.deliver(contactEvent(), { headers });
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'done', attempts: 1, last_error: null }]);
    expect(await contacts()).toEqual([{ name: 'Mara Quill', email: 'mara@example.test' }]);
  });

  it('as HighLevel sends them tell a whole story', async () => {
    for (const type of STORY) {
      await intake.deliver(readFileSync(join(import.meta.dirname, `../fixtures/webhooks/${type}.json`)));
      await worker.work(hookId);
    }
    expect((await rows()).map(({ state, reason }) => [state, reason])).toEqual(
      STORY.map(() => ['done', null]),
    );
    const [contact] = await database.query<{ custom_attributes: object }>(
      'select name, email, custom_attributes from contacts',
    );
    expect(contact).toMatchObject({
      name: 'Mara Quill',
      email: 'mara.quill@example.test',
      custom_attributes: { ghl_deleted: true },
    });
  });

  it('count in the order of their time, also when they come in another', async () => {
    await intake.deliver(contactEvent({ type: 'ContactUpdate', lastName: 'Newest', timestamp: minute(9) }));
    await intake.deliver(contactEvent({ lastName: 'First', timestamp: minute(1) }));
    await intake.deliver(contactEvent({ type: 'ContactUpdate', lastName: 'Second', timestamp: minute(5) }));
    await worker.work(hookId);
    expect(await contacts()).toMatchObject([{ name: 'Mara Newest' }]);
  });

  it('that come late change nothing', async () => {
    await intake.deliver(contactEvent({ lastName: 'Newest', timestamp: minute(9) }));
    await worker.work(hookId);
    await intake.deliver(contactEvent({ type: 'ContactUpdate', lastName: 'Late', timestamp: minute(5) }));
    await worker.work(hookId);
    expect(await contacts()).toMatchObject([{ name: 'Mara Newest' }]);
    expect((await rows()).map(({ state, reason }) => [state, reason])).toEqual([
      ['done', null],
      ['ignored', 'stale'],
    ]);
  });

  it('that say what is known already change nothing', async () => {
    await intake.deliver(contactEvent({ timestamp: minute(1) }));
    await worker.work(hookId);
    await intake.deliver(contactEvent({ type: 'ContactUpdate', timestamp: minute(2) }));
    await worker.work(hookId);
    expect((await rows())[1]).toMatchObject({ state: 'done', reason: 'unchanged' });
  });

  it('with characters that no column takes are applied without them', async () => {
    await intake.deliver(contactEvent({ lastName: 'Qu\u0000ill', source: '\ud83d lone' }));
    await worker.work(hookId);
    expect(await contacts()).toMatchObject([{ name: 'Mara Quill' }]);
  });

  it('without an id are kept as ignored', async () => {
    await intake.deliver(contactEvent({ id: undefined }));
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'ignored', reason: 'missing_contact_id' }]);
  });

  it('of several locations stay apart', async () => {
    const other = await connectedHook(database.source, { accountId: 2, locationId: 'Loc0InventedSubacc02' });
    await intake.deliver(contactEvent());
    await intake.deliver(contactEvent({ locationId: 'Loc0InventedSubacc02' }));
    await Promise.all([worker.work(hookId), worker.work(other)]);
    expect(await database.query('select account_id, email from contacts order by account_id')).toEqual([
      { account_id: 1, email: 'mara@example.test' },
      { account_id: 2, email: 'mara@example.test' },
    ]);
  });

  it('are each applied once by workers that race', async () => {
    const second = await Worker.start(database.url);
    await Promise.all(Array.from({ length: 30 }, (_, n) => intake.deliver(person(n))));
    await Promise.all([worker, second, worker, second].map((one) => one.work(hookId)));
    expect((await rows()).filter(({ state, attempts }) => state !== 'done' || attempts !== 1)).toEqual([]);
    expect(await contacts()).toHaveLength(30);
    await second.stop();
  });
});

describe('a failure', () => {
  const troubled = (sqlState: string, changes: object = {}): Record<string, unknown> =>
    contactEvent({ firstName: 'SQLSTATE', lastName: sqlState, ...changes });

  it('that would repeat buries the event at once, and not its neighbours', async () => {
    await intake.deliver(person(1));
    await intake.deliver(troubled('22001'));
    await intake.deliver(person(2));
    await worker.work(hookId);
    expect((await rows()).map(({ state, reason }) => [state, reason])).toEqual([
      ['done', null],
      ['dead', 'cannot_be_applied'],
      ['done', null],
    ]);
    expect(await contacts()).toMatchObject([
      { email: 'person.1@example.test' },
      { email: 'person.2@example.test' },
    ]);
    expect(sayFailure('en', (await rows())[1]?.last_error ?? '')).toBe('PostgreSQL: trouble (22001)');
  });

  it('that may pass is tried again later, and what follows waits for it', async () => {
    await intake.deliver(troubled('40001', { timestamp: minute(1) }));
    await worker.work(hookId);
    await intake.deliver(contactEvent({ type: 'ContactUpdate', lastName: 'After', timestamp: minute(2) }));
    await intake.deliver(person(1));
    await worker.work(hookId);
    expect((await rows()).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['failed', 1],
      ['pending', 0],
      ['done', 1],
    ]);

    await database.query(`update ghl.inbox set next_attempt_at = now()`);
    await worker.work(hookId);
    expect((await rows()).map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    expect(await contacts()).toMatchObject([{ email: 'person.1@example.test' }, { name: 'Mara After' }]);
  });

  it('in the middle of a batch makes the later events of that contact wait, untried', async () => {
    await intake.deliver(troubled('40001', { timestamp: minute(1) }));
    await intake.deliver({
      ...contactEvent({ type: 'ContactTagUpdate', tags: ['vip'], timestamp: minute(2) }),
      firstName: undefined,
      lastName: undefined,
    });
    await intake.deliver(person(1));
    await worker.work(hookId);
    expect((await rows()).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['failed', 1],
      ['pending', 0],
      ['done', 1],
    ]);
  });

  it('is not tried for ever', async () => {
    await intake.deliver(troubled('40001'));
    await database.query('update ghl.inbox set attempts = 23');
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'dead', reason: 'too_many_attempts', attempts: 24 }]);
  });
});

describe('a worker', () => {
  const claimedBySomebody = `update ghl.inbox set state = 'processing', attempts = 1, lease_token = gen_random_uuid(),
                                                  lease_until = now() + interval '15 seconds'`;

  it('that dies leaves its rows to another when the lease has run out', async () => {
    await intake.deliver(person(1));
    await database.query(claimedBySomebody);
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'processing', attempts: 1 }]);

    await database.query(`update ghl.inbox set lease_until = now() - interval '1 second'`);
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'done', attempts: 2 }]);
    expect(await contacts()).toHaveLength(1);
  });

  it('that an event kills every time does not try it for ever', async () => {
    await intake.deliver(person(1));
    await database.query(claimedBySomebody);
    await database.query(`update ghl.inbox set attempts = 24, lease_until = now() - interval '1 second'`);
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'dead', reason: 'too_many_attempts' }]);
  });

  it('that lost its lease while it worked takes back what it did', async () => {
    await intake.deliver(person(1));
    const blocker = database.source.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('lock table contacts');
    const slow = worker.work(hookId);
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'processing' }]));
    await database.query(`update ghl.inbox set lease_token = gen_random_uuid(), attempts = 2`);
    await blocker.commitTransaction();
    await blocker.release();
    await slow;
    expect(await contacts()).toEqual([]);
    expect(await rows()).toMatchObject([{ state: 'processing', attempts: 2 }]);
  });

  it('that takes long keeps its lease', async () => {
    await intake.deliver(person(1));
    const blocker = database.source.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('lock table contacts');
    const slow = worker.work(hookId);
    const lease = async (): Promise<Date> =>
      (await database.query<{ lease_until: Date }>('select lease_until from ghl.inbox'))[0]!.lease_until;
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'processing' }]));
    const first = await lease();
    await eventually(async () => expect((await lease()).getTime()).toBeGreaterThan(first.getTime()));
    await blocker.commitTransaction();
    await blocker.release();
    await slow;
    expect(await rows()).toMatchObject([{ state: 'done', attempts: 1 }]);
  });

  it('that is stopping begins nothing more', async () => {
    const stopping = await Worker.start(database.url);
    const processor = stopping.get(InboundProcessor);
    await stopping.stop();
    await intake.deliver(person(1));
    await processor.work({ data: { hookId } });
    expect(await rows()).toMatchObject([{ state: 'pending' }]);
  });

  it('leaves a disabled hook alone', async () => {
    await intake.deliver(person(1));
    await database.query('update integrations_hooks set status = 0');
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'pending' }]);
  });
});

describe('an UNINSTALL', () => {
  const uninstall = (changes: object): Promise<unknown> =>
    intake.deliver({
      type: 'UNINSTALL',
      timestamp: '2026-11-18T17:02:44.090Z',
      webhookId: randomUUID(),
      ...changes,
    });
  const hooks = (): Promise<unknown[]> =>
    database.query(
      `select status, access_token, settings->'refresh_token' as refresh_token from integrations_hooks order by id`,
    );
  const ENDED = { status: 0, access_token: null, refresh_token: null };

  it('ends the connection, drops its tokens and keeps the links', async () => {
    await intake.deliver(contactEvent());
    await worker.work(hookId);
    await uninstall({ locationId: LOCATION });
    await worker.work(0);
    expect(await hooks()).toEqual([ENDED]);
    expect(await database.query('select state from ghl.connections')).toEqual([{ state: 'uninstalled' }]);
    expect(await database.query('select id from ghl.contact_links')).toHaveLength(1);
    expect((await rows())[1]).toMatchObject({ state: 'done' });
  });

  it('that is older than the installation changes nothing', async () => {
    await uninstall({ locationId: LOCATION, timestamp: '2026-10-01T00:00:00.000Z' });
    await worker.work(0);
    expect(await hooks()).toMatchObject([{ status: 1, access_token: 'token' }]);
    expect(await rows()).toMatchObject([{ state: 'ignored', reason: 'nothing_to_uninstall' }]);
  });

  it('of an agency ends all its locations', async () => {
    await connectedHook(database.source, { accountId: 2, locationId: 'Loc0InventedSubacc02' });
    await uninstall({ companyId: COMPANY });
    await worker.work(0);
    expect(await hooks()).toEqual([ENDED, ENDED]);
  });

  it('of a location that nobody connected is ignored', async () => {
    await uninstall({ locationId: 'Loc0InventedSubacc99' });
    await worker.work(0);
    expect(await rows()).toMatchObject([{ state: 'ignored', reason: 'nothing_to_uninstall' }]);
    expect(await hooks()).toMatchObject([{ status: 1 }]);
  });

  it('waits while the connection is being refreshed', async () => {
    const blocker = database.source.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('select from integrations_hooks for update');
    await uninstall({ locationId: LOCATION });
    const work = worker.work(0);
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'processing' }]));
    await blocker.commitTransaction();
    await blocker.release();
    await work;
    expect(await hooks()).toEqual([ENDED]);
  });
});
