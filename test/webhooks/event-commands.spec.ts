import { useDatabase } from '../harness/database.js';
import { type EventsAnswer, EventsApi, storeEvents } from './events-fixture.js';
import {
  connectedHook,
  contactEvent,
  forgetEverything,
  type InboxRow,
  inboxRows,
  Intake,
  LOCATION,
  TROUBLE,
  Worker,
} from './webhook-fixture.js';

const database = useDatabase();
let api: EventsApi;
let intake: Intake;
let worker: Worker;
let hookId: number;

beforeAll(async () => {
  api = await EventsApi.start(database);
  intake = await Intake.start(database.url);
  worker = await Worker.start(database.url);
  await database.query(TROUBLE);
});
beforeEach(async () => {
  hookId = await connectedHook(database.source);
});
afterEach(async () => {
  await database.query('alter table contacts enable trigger make_trouble');
  await database.query('truncate ghl.audit_events');
  await forgetEverything(database.source);
});
afterAll(async () => {
  await worker.stop();
  await intake.stop();
  await api.stop();
});

const minute = (n: number): string => new Date(Date.UTC(2026, 10, 18, 9, n)).toISOString();
const contacts = (): Promise<{ name: string }[]> => database.query('select name from contacts order by id');
const rows = (): Promise<InboxRow[]> => inboxRows(database.source);
const states = async (): Promise<unknown[]> => (await rows()).map(({ state, reason }) => [state, reason]);
const calm = (): Promise<unknown> => database.query('alter table contacts disable trigger make_trouble');
const replay = (id = 1): Promise<EventsAnswer> => api.post(`/${id}/replay`);
const discard = (id = 1): Promise<EventsAnswer> => api.post(`/${id}/discard`);
const store = (event: Parameters<typeof storeEvents>[1] = {}): Promise<number> =>
  storeEvents(database, event);
const audits = (): Promise<Record<string, unknown>[]> =>
  database.query(
    `select account_id, action, actor_kind, actor_user_id, outcome, hook_id, location_id, details
       from ghl.audit_events order by id`,
  );

/** An event that is dead because PostgreSQL refused it. */
async function deadEvent(changes: object = {}): Promise<void> {
  await intake.deliver(contactEvent({ firstName: 'SQLSTATE', lastName: '22001', ...changes }));
  await worker.work(hookId);
  expect((await rows()).at(-1)).toMatchObject({ state: 'dead', reason: 'cannot_be_applied' });
}

describe('replaying an event', () => {
  it('applies a dead one, with all its attempts before it, and remembers those that failed', async () => {
    await deadEvent();
    await calm();
    const { status, body } = await replay();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outcome: 'replayed',
      payload: { id: 1, state: 'pending', attempts: 0, reason: null },
    });
    await worker.work(hookId);
    expect(await contacts()).toEqual([{ name: 'SQLSTATE 22001' }]);
    expect((await api.show(1)).body.payload).toMatchObject({
      state: 'done',
      attempts: 1,
      last_error: null,
      failed_attempts: [{ attempt: 1, outcome: 'dead', error: 'PostgreSQL: trouble (22001)' }],
    });
  });

  it('twice is doing it once', async () => {
    await deadEvent();
    await calm();
    const outcomes = await Promise.all([replay(), replay(), replay()]);
    expect(outcomes.map(({ body }) => body.outcome).toSorted()).toEqual([
      'already_waiting',
      'already_waiting',
      'replayed',
    ]);
    await worker.work(hookId);
    expect(await rows()).toMatchObject([{ state: 'done', attempts: 1 }]);
    expect(await contacts()).toHaveLength(1);
    expect(await audits()).toHaveLength(1);
  });

  it.each(['pending', 'processing', 'parked'])(
    'that is %s changes nothing and is not recorded',
    async (state) => {
      await store({ state });
      const before = await rows();
      expect((await replay()).body).toMatchObject({ outcome: 'already_waiting', payload: { state } });
      expect(await rows()).toEqual(before);
      expect(await audits()).toEqual([]);
    },
  );

  it('that waits for its next attempt tries it now', async () => {
    await intake.deliver(contactEvent({ firstName: 'SQLSTATE', lastName: '40001' }));
    await worker.work(hookId);
    await calm();
    await worker.work(hookId);
    expect(await states()).toEqual([['failed', null]]);
    expect((await replay()).body.outcome).toBe('replayed');
    await worker.work(hookId);
    expect(await states()).toEqual([['done', null]]);
  });

  it('that is older than what is applied ends as stale, and overwrites nothing', async () => {
    await deadEvent({ timestamp: minute(1) });
    await intake.deliver(contactEvent({ lastName: 'Newer', timestamp: minute(2) }));
    await worker.work(hookId);
    await calm();
    expect((await replay()).body.outcome).toBe('replayed');
    await worker.work(hookId);
    expect(await states()).toEqual([
      ['ignored', 'stale'],
      ['done', null],
    ]);
    expect(await contacts()).toEqual([{ name: 'Mara Newer' }]);
  });

  it('that was done already changes nothing', async () => {
    await intake.deliver(contactEvent());
    await worker.work(hookId);
    expect((await replay()).body.outcome).toBe('replayed');
    await worker.work(hookId);
    expect(await states()).toEqual([['done', 'unchanged']]);
    expect(await contacts()).toEqual([{ name: 'Mara Quill' }]);
  });

  it('keeps the order where a newer event of the contact waits for its next attempt', async () => {
    await deadEvent({ timestamp: minute(1) });
    await intake.deliver(contactEvent({ firstName: 'SQLSTATE', lastName: '40001', timestamp: minute(2) }));
    await worker.work(hookId);
    await calm();
    await replay();
    await worker.work(hookId);
    expect((await rows()).map(({ state }) => state)).toEqual(['pending', 'failed']);
    await database.query(`update ghl.inbox set next_attempt_at = now()`);
    await worker.work(hookId);
    expect((await rows()).map(({ state }) => state)).toEqual(['done', 'done']);
    expect(await contacts()).toEqual([{ name: 'SQLSTATE 40001' }]);
  });

  it.each(['INSTALL', 'UNINSTALL'])('of the type %s goes to the lane of its own', async (type) => {
    await store({ type, entity: null, body: JSON.stringify({ type, locationId: LOCATION }) });
    expect((await replay()).body.outcome).toBe('replayed');
    expect(await rows()).toMatchObject([{ state: 'pending', hook_id: 0 }]);
    await worker.work(0);
    expect((await rows())[0]?.state).toMatch(/^(done|ignored|parked)$/);
  });

  it('goes to the connection that its location has now', async () => {
    await store({ body: JSON.stringify(contactEvent()) });
    await database.query('update integrations_hooks set id = 77');
    await replay();
    expect(await rows()).toMatchObject([{ state: 'pending', hook_id: 77 }]);
  });
});

describe('an event that cannot be replayed', () => {
  const disconnect = (): Promise<unknown> => database.query('delete from integrations_hooks');
  const uninstall = (): Promise<unknown> => database.query('update integrations_hooks set status = 0');
  const nothing = (): Promise<unknown> => Promise.resolve();
  /** Nothing tells which is newer: the event has no time. */
  const sync = (): Promise<unknown> =>
    database.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, remote_version)
       values (1, $1, 1, 'Con0InventedPerson01', now())`,
      [LOCATION],
    );

  it.each<[string, Parameters<typeof storeEvents>[1], () => Promise<unknown>]>([
    ['payload_dropped', { state: 'done', body: null }, nothing],
    ['not_connected', {}, disconnect],
    ['not_connected', {}, uninstall],
    ['not_connected', { location: 'Loc0InventedSubacc09' }, nothing],
    ['type_not_applied', { type: 'NoteCreate', state: 'ignored', reason: 'unhandled_type' }, nothing],
    ['type_not_applied', { type: 'InboundMessage', state: 'ignored' }, nothing],
    ['never_applicable', { type: '', reason: 'unreadable_body' }, nothing],
    ['never_applicable', { state: 'ignored', reason: 'other_app' }, nothing],
    ['overtaken', {}, sync],
  ])('(%s) is refused with a typed error (%#), and in a set it is counted', async (reason, event, happen) => {
    await store(event);
    await happen();
    const before = await rows();
    expect(await replay()).toMatchObject({
      status: 409,
      body: { code: 'event_not_replayable', details: { event_id: 1, reason } },
    });
    const set = await api.post('/replay', { state: event?.state ?? 'dead' });
    expect(set.body).toEqual({ changed: 0, unchanged: 0, refused: { [reason]: 1 }, next_after: null });
    expect(await rows()).toEqual(before);
    expect(await audits()).toEqual([]);
  });
});

describe('discarding an event', () => {
  it.each(['dead', 'failed', 'pending', 'parked'])('that is %s gives it up', async (state) => {
    await store({ state });
    const { status, body } = await discard();
    expect(status).toBe(200);
    expect(body).toMatchObject({ outcome: 'discarded', payload: { state: 'ignored', reason: 'discarded' } });
    expect(await database.query('select finished_at is not null as over from ghl.inbox')).toEqual([
      { over: true },
    ]);
    expect((await discard()).body.outcome).toBe('already_over');
    expect(await audits()).toHaveLength(1);
  });

  it.each([
    ['processing', 'being_applied'],
    ['done', 'already_over'],
    ['ignored', 'already_over'],
  ])('that is %s changes nothing (%s) and is not recorded', async (state, outcome) => {
    await store({ state });
    const before = await rows();
    expect((await discard()).body.outcome).toBe(outcome);
    expect(await rows()).toEqual(before);
    expect(await audits()).toEqual([]);
  });

  it('lets those of its contact go on that waited for it', async () => {
    await intake.deliver(contactEvent({ firstName: 'SQLSTATE', lastName: '40001', timestamp: minute(1) }));
    await worker.work(hookId);
    await intake.deliver(contactEvent({ timestamp: minute(2) }));
    await worker.work(hookId);
    expect((await rows()).map(({ state }) => state)).toEqual(['failed', 'pending']);
    await discard();
    await worker.work(hookId);
    expect((await rows()).map(({ state }) => state)).toEqual(['ignored', 'done']);
  });

  it('can be taken back by replaying it', async () => {
    await deadEvent();
    await discard();
    await calm();
    await replay();
    await worker.work(hookId);
    expect(await states()).toEqual([['done', null]]);
  });
});

describe('the audit log', () => {
  it('tells who replayed and who discarded which event', async () => {
    await store({ reason: 'too_many_attempts' });
    await replay();
    await discard();
    const by = { account_id: 1, actor_kind: 'user', actor_user_id: api.adminId, outcome: 'success' };
    const about = { hook_id: hookId, location_id: LOCATION };
    const details = { event_id: 1, type: 'ContactUpdate' };
    expect(await audits()).toEqual([
      {
        ...by,
        ...about,
        action: 'event.replay',
        details: { ...details, was: 'dead', reason: 'too_many_attempts' },
      },
      { ...by, ...about, action: 'event.discard', details: { ...details, was: 'pending' } },
    ]);
  });

  it.each(['/1/replay', '/1/discard', '/replay', '/discard'])(
    'that cannot be written leaves the event as it was (%s)',
    async (path) => {
      await store();
      const before = await rows();
      await database.query(`alter table ghl.audit_events add constraint full_up check (false) not valid`);
      const { status, body } = await api.post(path, path.length > 10 ? undefined : {});
      await database.query(`alter table ghl.audit_events drop constraint full_up`);
      expect([status, body.code]).toEqual([500, 'internal_error']);
      expect(await rows()).toEqual(before);
    },
  );
});
