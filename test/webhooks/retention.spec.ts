import { Logger } from '@nestjs/common';
import { BATCHES_PER_RUN, WorkRetention, RETENTION_STATEMENTS, ROWS_PER_BATCH } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import {
  connectedHook,
  contactEvent,
  forgetEverything,
  inboxRows,
  Intake,
  webhookConfig,
  Worker,
} from './webhook-fixture.js';

const database = useDatabase();
beforeAll(() => {
  Logger.overrideLogger(false);
});
afterEach(() => forgetEverything(database.source));

/** Payloads for a day, events for ten. */
const PRIVATE = { WEBHOOK_RETENTION: '10d', WEBHOOK_PAYLOAD_RETENTION: '24h' };
const NOTHING = { payloadsDropped: 0, forgotten: 0, pushesForgotten: 0, countsForgotten: 0 };

const retention = (env: Record<string, string> = PRIVATE): WorkRetention =>
  new WorkRetention(database.source, webhookConfig(database.url, 0, env));

interface Stored {
  readonly state?: string;
  /** Hours since it ended; null while it has not. */
  readonly ended?: number | null;
  readonly received?: number;
  readonly payload?: boolean;
  readonly rows?: number;
}

async function store({
  state = 'done',
  ended = 0,
  received = 1_000,
  payload = true,
  rows = 1,
}: Stored): Promise<void> {
  await database.query(
    `insert into ghl.inbox (delivery_key, type, state, finished_at, received_at, body, lease_until, next_attempt_at)
     select 'webhook:' || gen_random_uuid(), 'ContactUpdate', $1, now() - make_interval(hours => $2),
            now() - make_interval(hours => $3), case when $4 then convert_to('{"type":"ContactUpdate"}', 'UTF8') end,
            now(), now()
       from generate_series(1, $5)`,
    [state, ended, received, payload, rows],
  );
}

/** What is left, as `state payload`. */
async function left(): Promise<string[]> {
  const rows = await database.query<{ state: string; kept: boolean }>(
    'select state, body is not null as kept from ghl.inbox order by id',
  );
  return rows.map(({ state, kept }) => `${state} ${kept ? 'whole' : 'remembered'}`);
}

describe('events that are over', () => {
  it.each(['done', 'ignored'])('(%s) lose their payload first, and go later', async (state) => {
    await store({ state, ended: 23 });
    await store({ state, ended: 25 });
    await store({ state, ended: 239, payload: false });
    await store({ state, ended: 241, payload: false });
    expect(await retention().run()).toMatchObject({ payloadsDropped: 1, forgotten: 1 });
    expect(await left()).toEqual([`${state} whole`, `${state} remembered`, `${state} remembered`]);
    expect(await retention().run()).toEqual(NOTHING);
  });

  it('go in one run where nothing ran for long', async () => {
    await store({ ended: 500 });
    expect(await retention().run()).toMatchObject({ payloadsDropped: 1, forgotten: 1 });
    expect(await left()).toEqual([]);
  });

  it('count from when they ended, not from when they came', async () => {
    await store({ received: 5_000, ended: 1 });
    expect(await retention().run()).toEqual(NOTHING);
  });

  it('are kept for 30 days unless something else is asked for, and remembered beyond their payload', async () => {
    await store({ ended: 28 * 24 });
    await store({ ended: 29 * 24 + 1 });
    await store({ ended: 30 * 24 + 1 });
    expect(await retention({}).run()).toMatchObject({ payloadsDropped: 2, forgotten: 1 });
    expect(await left()).toEqual(['done whole', 'done remembered']);
  });
});

it.each(['pending', 'processing', 'failed', 'parked', 'dead'])(
  'events that are %s are kept whole, however old they are',
  async (state) => {
    await store({ state, ended: state === 'dead' ? 50_000 : null, received: 50_000 });
    expect(await retention().run()).toEqual(NOTHING);
    expect(await left()).toEqual([`${state} whole`]);
  },
);

it('a copy of an event whose payload was dropped still has no effect', async () => {
  const intake = await Intake.start(database.url);
  const worker = await Worker.start(database.url);
  const hookId = await connectedHook(database.source);
  const event = contactEvent();
  await intake.deliver(event);
  await worker.work(hookId);
  await database.query(`update ghl.inbox set finished_at = now() - interval '25 hours'`);
  expect(await retention().run()).toMatchObject({ payloadsDropped: 1, forgotten: 0 });
  await database.query('update contacts set name = $1', ['Changed since']);

  expect((await intake.deliver(event)).status).toBe(200);
  await worker.work(hookId);
  expect(await inboxRows(database.source)).toMatchObject([{ state: 'done', body: null, attempts: 1 }]);
  expect(await database.query('select name from contacts')).toEqual([{ name: 'Changed since' }]);
  await worker.stop();
  await intake.stop();
});

describe('a run', () => {
  const MOST = ROWS_PER_BATCH * BATCHES_PER_RUN;

  it('changes a bounded number of rows, and the next one goes on', async () => {
    await store({ ended: 30, rows: MOST + 10 });
    expect(await retention().run()).toMatchObject({ payloadsDropped: MOST, forgotten: 0 });
    expect(await retention().run()).toMatchObject({ payloadsDropped: 10, forgotten: 0 });
  });

  it('leaves alone what somebody else has in hand', async () => {
    await store({ ended: 30 });
    await store({ ended: 30 });
    const other = database.source.createQueryRunner();
    await other.startTransaction();
    await other.query('select from ghl.inbox order by id limit 1 for update');
    expect(await retention().run()).toMatchObject({ payloadsDropped: 1, forgotten: 0 });
    await other.query(`update ghl.inbox set state = 'pending', finished_at = null where body is not null`);
    await other.commitTransaction();
    await other.release();
    expect(await retention().run()).toEqual(NOTHING);
    expect(await left()).toEqual(['done remembered', 'pending whole'].toSorted().toReversed());
  });

  it('of several processes at once does each row once', async () => {
    await store({ ended: 500, rows: 5_000 });
    const runs = await Promise.all([1, 2, 3].map(() => retention().run()));
    const sum = (of: keyof (typeof runs)[0]): number => runs.reduce((total, run) => total + run[of], 0);
    expect(sum('payloadsDropped')).toBe(5_000);
    expect(sum('forgotten') + (await left()).length).toBe(5_000);
    expect((await left()).filter((row) => row !== 'done remembered')).toEqual([]);
    await retention().run();
    expect(await left()).toEqual([]);
  });

  it('finds its rows by their own index among many', async () => {
    await store({ ended: 1, rows: 50_000 });
    await store({ ended: 1, payload: false, rows: 50_000 });
    await store({ ended: 500, rows: 10 });
    await store({ ended: 500, payload: false, rows: 10 });
    await database.query('vacuum analyze ghl.inbox');
    const plan = async (statement: string, seconds: number): Promise<string> =>
      JSON.stringify(await database.query(`explain (format json) ${statement}`, [seconds, ROWS_PER_BATCH]));
    const drop = await plan(RETENTION_STATEMENTS.dropPayloads, 86_400);
    const forget = await plan(RETENTION_STATEMENTS.forget, 864_000);
    expect(drop).toContain('inbox_ended_idx');
    expect(forget).toContain('inbox_remembered_idx');
    expect(drop + forget).not.toContain('Seq Scan');
  });
});

describe('by itself', () => {
  it('it goes on after PostgreSQL was away, and begins nothing more when the process ends', async () => {
    await store({ ended: 30 });
    const onSchedule = retention();
    await database.query('alter table ghl.inbox rename to inbox_away');
    await onSchedule.runOnSchedule();
    await database.query('alter table ghl.inbox_away rename to inbox');
    await onSchedule.runOnSchedule();
    expect(await left()).toEqual(['done remembered']);

    await store({ ended: 30 });
    await onSchedule.beforeApplicationShutdown();
    expect(await onSchedule.run()).toEqual(NOTHING);
  });
});

describe('pushes that are over', () => {
  it('go as events do; dead ones and those that wait stay', async () => {
    await database.query(
      `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state, finished_at)
       select 1, 1, n, 'push', state, now() - make_interval(hours => hours)
         from unnest(array['done', 'ignored', 'done', 'dead', 'pending'], array[241, 241, 239, 900, null])
              with ordinality as o (state, hours, n)`,
    );
    expect(await retention().run()).toEqual({ ...NOTHING, pushesForgotten: 2 });
    expect(await database.query('select state from ghl.outbox order by id')).toEqual([
      { state: 'done' },
      { state: 'dead' },
      { state: 'pending' },
    ]);
    await database.query('truncate ghl.outbox');
  });
});

describe('what the dashboard counted', () => {
  it('goes when the dashboard shows it no more', async () => {
    await database.query('truncate ghl.sync_counts');
    await database.query(
      `insert into ghl.sync_counts (account_id, hour, direction, shard, contacts)
       select 1, now() - make_interval(days => days), 'in', 0, 7 from unnest(array[33, 31, 0]) days`,
    );
    expect(await retention().run()).toEqual({ ...NOTHING, countsForgotten: 1 });
    expect(await database.query('select from ghl.sync_counts')).toHaveLength(2);
    await database.query('truncate ghl.sync_counts');
  });
});
