import { setTimeout as sleep } from 'node:timers/promises';
import { type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { type Lane, QueueModule, WakeUps } from '#libs/queue';
import { WebhooksWorkerModule, WorkSweeper } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { startContext } from '../harness/service.js';
import { connectedHook, contactEvent, forgetEverything, webhookConfig } from './webhook-fixture.js';

const database = useDatabase();
let hookId: number;
let rung: [Lane, number][];
let sweeper: WorkSweeper;

/** Remembers who was to be woken. */
class RecordedWakeUps extends WakeUps {
  ring(lane: Lane, id: number): void {
    rung.push([lane, id]);
  }
}

beforeEach(async () => {
  rung = [];
  sweeper = new WorkSweeper(database.source, new RecordedWakeUps());
  hookId = await connectedHook(database.source);
});
afterEach(() => forgetEverything(database.source));

let deliveries = 0;
async function inboxRow(values: string, hook = hookId): Promise<void> {
  deliveries += 1;
  await database.query(
    `insert into ghl.inbox (delivery_key, type, hook_id, body, state, next_attempt_at, lease_until)
     values ('delivery ${deliveries}', 'ContactCreate', ${hook}, '', ${values})`,
  );
}
async function outboxRow(values: string): Promise<void> {
  await database.query(
    `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state, next_attempt_at, lease_until)
     values (1, ${hookId}, 1, 'push', ${values})`,
  );
}

const PAST = `now() - interval '1 second'`;
const FUTURE = `now() + interval '1 hour'`;

describe(WorkSweeper.name, () => {
  it.each([
    ['that nobody was woken for', `'pending', ${PAST}, null`],
    ['whose next attempt is due', `'failed', ${PAST}, null`],
    ['whose worker died', `'processing', ${PAST}, ${PAST}`],
  ])('rings for rows of both lanes %s', async (_, values) => {
    await inboxRow(values);
    await outboxRow(values);
    await sweeper.sweep();
    expect(rung).toEqual([
      ['inbound', hookId],
      ['outbound', hookId],
    ]);
  });

  it.each([
    ['that wait for their next attempt', `'failed', ${FUTURE}, null`],
    ['that somebody works on', `'processing', ${PAST}, ${FUTURE}`],
    ['that are done', `'done', ${PAST}, null`],
    ['that are dead', `'dead', ${PAST}, null`],
  ])('does not ring for rows %s', async (_, values) => {
    await inboxRow(values);
    await outboxRow(values);
    await sweeper.sweep();
    expect(rung).toEqual([]);
  });

  it('rings once for each hook, however much it has to do', async () => {
    const other = await connectedHook(database.source, { accountId: 2, locationId: 'Loc0InventedSubacc02' });
    for (let row = 0; row < 5; row += 1) {
      await inboxRow(`'pending', ${PAST}, null`);
      await inboxRow(`'pending', ${PAST}, null`, other);
    }
    await sweeper.sweep();
    expect(rung).toEqual([
      ['inbound', hookId],
      ['inbound', other],
    ]);
  });

  it('leaves the rows of a removed app for its return, but not the removal itself', async () => {
    await database.query('update integrations_hooks set status = 0');
    await inboxRow(`'pending', ${PAST}, null`);
    await inboxRow(`'pending', ${PAST}, null`, 0);
    await outboxRow(`'pending', ${PAST}, null`);
    await sweeper.sweep();
    expect(rung).toEqual([['inbound', 0]]);
  });

  it('pushes nothing where HighLevel must be authorized again', async () => {
    await database.query(`update ghl.connections set state = 'reauthorization_required'`);
    await inboxRow(`'pending', ${PAST}, null`);
    await outboxRow(`'pending', ${PAST}, null`);
    await sweeper.sweep();
    expect(rung).toEqual([['inbound', hookId]]);
  });

  it('ends what a dead worker held for a hook that is gone', async () => {
    await inboxRow(`'processing', ${PAST}, ${PAST}`);
    await database.query('delete from integrations_hooks');
    await sweeper.sweep();
    expect(await database.query('select state, reason from ghl.inbox')).toEqual([
      { state: 'ignored', reason: 'disconnected' },
    ]);
    expect(rung).toEqual([]);
  });

  it('looks every second by itself, and goes on after PostgreSQL was away', async () => {
    await inboxRow(`'pending', ${PAST}, null`);
    const app = await scheduled();
    await eventually(hasRung, 3_000);
    await database.query('alter table ghl.inbox rename to inbox_away');
    await sleep(1_500);
    await database.query('alter table ghl.inbox_away rename to inbox');
    rung = [];
    await eventually(hasRung, 3_000);
    await app.close();
  });
});

describe('a worker that nobody wakes', () => {
  /** The promise of the intake: what was answered with 200 is found again within this. */
  const FOUND_WITHIN_MS = 30_000;
  const body = (person: number): Buffer =>
    Buffer.from(
      JSON.stringify(contactEvent({ id: `Con0InventedPerson1${person}`, email: `p${person}@example.test` })),
    );

  it.each([
    ['whose wake-up was lost', `'pending', 0, null, null`],
    ['that a dead worker left behind', `'processing', 1, gen_random_uuid(), now() + interval '2 seconds'`],
    ['whose next attempt is due', `'failed', 3, null, null`],
  ])('finds and applies rows %s', async (_, values) => {
    const config = webhookConfig(database.url, 0);
    const modules = [ScheduleModule.forRoot(), QueueModule.register(config), WebhooksWorkerModule];
    const app = await startContext(config, modules);
    for (const person of [1, 2, 3]) {
      await database.query(
        `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body,
                                state, attempts, lease_token, lease_until)
         values ('lost ' || $2, 'ContactCreate', 1, $1, 'loc', 'contact:' || $2, $3, ${values})`,
        [hookId, String(person), body(person)],
      );
    }
    const states = `select distinct state from ghl.inbox`;
    await eventually(
      async () => expect(await database.query(states)).toEqual([{ state: 'done' }]),
      FOUND_WITHIN_MS,
    );
    expect(await database.query('select id from contacts')).toHaveLength(3);
    await app.close();
  });
});

function hasRung(): Promise<void> {
  expect(rung).toContainEqual(['inbound', hookId]);
  return Promise.resolve();
}

async function scheduled(): Promise<INestApplicationContext> {
  @Module({
    imports: [ScheduleModule.forRoot()],
    providers: [
      { provide: DataSource, useValue: database.source },
      { provide: WakeUps, useClass: RecordedWakeUps },
      WorkSweeper,
    ],
  })
  class SweepingModule {}
  Logger.overrideLogger(false);
  return NestFactory.createApplicationContext(SweepingModule);
}
