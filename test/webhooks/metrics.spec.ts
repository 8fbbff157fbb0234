import { DataSource } from 'typeorm';
import { MetricsRegistry } from '#libs/metrics';
import { useDatabase } from '../harness/database.js';
import { connectedHook, contactEvent, forgetEverything, Intake, TROUBLE, Worker } from './webhook-fixture.js';

const database = useDatabase();
let intake: Intake;
let worker: Worker;

beforeEach(async () => {
  intake = await Intake.start(database.url);
  worker = await Worker.start(database.url);
});
afterEach(async () => {
  await Promise.all([intake.stop(), worker.stop()]);
  await forgetEverything(database.source);
});

/** The samples of our own metrics by name and labels. */
function samplesOf(text: string): Record<string, number> {
  const lines = text.matchAll(/^deskflow_ghl_(\S+) (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value]) => [name, Number(value)]));
}

async function ofIntake(): Promise<Record<string, number>> {
  return samplesOf(await (await fetch(`${intake.url}/metrics`)).text());
}

async function ofWorker(): Promise<Record<string, number>> {
  return samplesOf(await worker.get(MetricsRegistry).metrics());
}

describe('metrics of the intake', () => {
  it('tell what came, what came twice and what was refused', async () => {
    await connectedHook(database.source);
    const event = contactEvent();
    for (const body of [event, event, contactEvent()]) await intake.deliver(body);
    await intake.deliver(event, { headers: () => ({}) });
    await intake.deliver({ ...contactEvent({ webhookId: undefined }), timestamp: '2020-01-01T00:00:00Z' });

    expect(await ofIntake()).toMatchObject({
      webhooks_received_total: 3,
      webhooks_duplicate_total: 1,
      'webhooks_refused_total{reason="missing"}': 1,
      'webhooks_refused_total{reason="outside_replay_window"}': 1,
      webhooks_group_size_count: 3,
      webhooks_store_seconds_count: 3,
    });
  });

  it('are text for Prometheus, with those of the process, and name nobody', async () => {
    await connectedHook(database.source);
    await intake.deliver(contactEvent());
    const answer = await fetch(`${intake.url}/metrics`);
    const text = await answer.text();
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toMatch(/mara|Loc0Invented|Con0Invented/i);
  });
});

describe('metrics of a worker', () => {
  beforeAll(() => database.source.query(TROUBLE));

  it('tell what was applied, what failed and what was given up', async () => {
    const hook = await connectedHook(database.source);
    const person = (n: number, changes: object = {}): object =>
      contactEvent({ id: `Con0InventedPerson0${n}`, email: `person.${n}@example.test`, ...changes });
    const trouble = (n: number, lastName: string): object => person(n, { firstName: 'SQLSTATE', lastName });
    for (const event of [person(1), trouble(2, '40001'), trouble(3, '22001')]) await intake.deliver(event);
    await intake.deliver(person(1, { timestamp: '2026-11-17T09:40:12.020Z' }));
    await worker.work(hook);

    expect(await ofWorker()).toMatchObject({
      'events_applied_total{state="done"}': 1,
      'events_applied_total{state="ignored"}': 1,
      events_failed_total: 1,
      'events_dead_total{reason="cannot_be_applied"}': 1,
      events_batch_size_sum: 4,
      events_seconds_count: 2,
    });
  });

  it('tell the age of the oldest event that waits', async () => {
    const hook = await connectedHook(database.source);
    expect(await ofWorker()).toMatchObject({ 'lag_seconds{lane="inbound"}': 0 });
    await intake.deliver(contactEvent());
    await intake.deliver(contactEvent());
    await database.source.query(
      `update ghl.inbox set received_at = received_at - interval '90 s' where id = (select min(id) from ghl.inbox)`,
    );
    const lag = (await ofWorker())['lag_seconds{lane="inbound"}'];
    expect(lag).toBeGreaterThanOrEqual(90);
    expect(lag).toBeLessThan(120);
    await worker.work(hook);
    expect(await ofWorker()).toMatchObject({ 'lag_seconds{lane="inbound"}': 0 });
  });

  it('do not count what waits for a disabled connection', async () => {
    const hook = await connectedHook(database.source);
    await intake.deliver(contactEvent());
    await database.source.query('update integrations_hooks set status = 0 where id = $1', [hook]);
    expect(await ofWorker()).toMatchObject({ 'lag_seconds{lane="inbound"}': 0 });
  });

  it('are there without a database, except the age', async () => {
    const broken = await Worker.start(database.url);
    await broken.get(DataSource).destroy();
    const samples = samplesOf(await broken.get(MetricsRegistry).metrics());
    expect(samples['lag_seconds{lane="inbound"}']).toBeNaN();
    expect(samples).toHaveProperty('events_failed_total', 0);
    await broken.stop().catch(() => undefined);
  });
});

describe('a token for metrics', () => {
  it('keeps them from whoever does not know it', async () => {
    const token = 'known-to-prometheus';
    const closed = await Intake.start(database.url, { METRICS_TOKEN: token });
    const get = async (authorization?: string): Promise<number> =>
      (await fetch(`${closed.url}/metrics`, authorization ? { headers: { authorization } } : {})).status;
    expect(await Promise.all([get(), get('Bearer another'), get(`Bearer ${token}`)])).toEqual([
      401, 401, 200,
    ]);
    await closed.stop();
  });
});
