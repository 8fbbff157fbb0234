import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { freePort } from '#apps/standalone/free-port.js';
import { dataSourceOptions, EmbeddedPostgres, resetData, runMigrations } from '#libs/database';
import { IntakeOutage } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { contactEvent, Intake } from './webhook-fixture.js';

interface Request {
  readonly reason: string;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly taken_at: Date | null;
}

const REQUESTS = 'select reason, from_at, to_at, taken_at from ghl.reconcile_requests order by id';

describe('while PostgreSQL is stopped', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let url: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'deskflow-ghl-outage-'));
    await chmod(dataDir, 0o711); // run by root, the server is another user and has to pass
    postgres = new EmbeddedPostgres({ dataDir, fsync: false, port: await freePort() });
    ({ url } = await postgres.start());
    await runMigrations(url);
  });
  afterAll(async () => {
    await postgres.stop();
    await resetData(dataDir);
  });

  async function requests(): Promise<Request[]> {
    const source = new DataSource(dataSourceOptions(url, { entities: [], poolSize: 1 }));
    await source.initialize();
    try {
      return await source.query<Request[]>(REQUESTS);
    } finally {
      await source.destroy();
    }
  }

  it('each process that refused a delivery asks once for a look at that time', async () => {
    const [first, second, idle] = await Promise.all([1, 2, 3].map(() => Intake.start(url)));
    const deliver = async (intake: Intake | undefined): Promise<number> =>
      (await intake!.deliver(contactEvent())).status;
    expect(await Promise.all([first, second, idle].map(deliver))).toEqual([200, 200, 200]);
    expect(await requests()).toEqual([]);

    const stopping = Date.now();
    await postgres.stop();
    const stopped = Date.now();
    expect(await Promise.all([first, first, first, second].map(deliver))).toEqual([429, 429, 429, 429]);
    const starting = Date.now();
    await postgres.start();

    for (const intake of [first, second, idle, first, second]) expect(await deliver(intake)).toBe(200);
    const asked = await requests();
    expect(asked).toHaveLength(2);
    for (const { reason, from_at, to_at, taken_at } of asked) {
      expect([reason, taken_at]).toEqual(['intake_outage', null]);
      expect(from_at.getTime()).toBeGreaterThanOrEqual(stopping);
      expect(from_at.getTime()).toBeLessThanOrEqual(stopped + 5_000);
      expect(from_at.getTime()).toBeLessThanOrEqual(starting);
      expect(to_at.getTime()).toBeGreaterThan(starting);
    }
    await Promise.all([first, second, idle].map((intake) => intake!.stop()));
  });
});

describe(IntakeOutage.name, () => {
  const database = useDatabase();
  const asked = (): Promise<Request[]> => database.query<Request>(REQUESTS);
  let outage: IntakeOutage;
  const lengths = async (): Promise<number[]> =>
    (await asked()).map(({ from_at, to_at }) => to_at.getTime() - from_at.getTime());

  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(() => {
    outage = new IntakeOutage(database.source);
  });
  afterEach(() => database.query('truncate ghl.reconcile_requests'));

  it('reaches from the first delivery that was refused to the first that was stored', async () => {
    outage.refused(10_000);
    outage.refused(30_000);
    expect(outage.isOpen).toBe(true);
    await outage.stored(40_000);
    expect(outage.isOpen).toBe(false);
    expect(await lengths()).toEqual([30_000]);
    expect(Math.abs((await asked())[0]!.to_at.getTime() - Date.now())).toBeLessThan(5_000);
    await outage.stored(200_000);
    expect(await asked()).toHaveLength(1);
  });

  it('is written down by the next delivery where the first one could not', async () => {
    outage.refused(10_000);
    await database.query('alter table ghl.reconcile_requests rename to away');
    await outage.stored(20_000);
    expect(outage.isOpen).toBe(true);
    await database.query('alter table ghl.away rename to reconcile_requests');
    await outage.stored(25_000);
    expect(await lengths()).toEqual([15_000]);
  });

  it('is one row a minute where storing fails and works by turns, and nothing is left out', async () => {
    for (let second = 0; second < 150; second += 1) {
      outage.refused(second * 1_000);
      await outage.stored((second + 1) * 1_000);
    }
    expect(await lengths()).toEqual([1_000, 60_000, 60_000]);
    expect(outage.isOpen).toBe(true); // the rest is written down in its turn
  });

  it('is nothing while all is well', async () => {
    expect(outage.isOpen).toBe(false);
    await outage.stored();
    expect(await asked()).toEqual([]);
  });
});
