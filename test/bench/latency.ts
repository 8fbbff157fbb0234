import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '#apps/standalone/free-port.js';
import { BenchDatabase } from './bench-database.js';
import { BenchSimulator } from './bench-simulator.js';
import { ChildServer } from './child-server.js';
import { connectLocation } from './connect-location.js';
import { serviceEnvironment } from './service-under-test.js';

const APPS = join(import.meta.dirname, '..', '..', 'apps');
/** Half of them are changed in HighLevel, half in DeskFlow; each is quiet for long enough between two changes. */
const CONTACTS = 2_000;
const CHANGES_PER_SECOND = 200;
const SECONDS = 20;
/** Processes that have just started compile their code, which is not what is measured. */
const WARM_UP_SECONDS = 5;
/** What has not arrived so long after the last change is lost. */
const LATEST_MS = 30_000;

/** Milliseconds from a change on one side until the other has it. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

export interface BothWays {
  readonly inbound: Latencies;
  readonly outbound: Latencies;
}

/**
 * Changes contacts on both sides of a running system, 200 a second, half of them on each, and watches them arrive on the
 * other: in DeskFlow when the transaction is committed, in HighLevel when the call has changed the contact.
 * @param redisUrl api and worker are processes of their own then; without one everything is in one, as by default
 * @throws Error when a change does not arrive
 */
export async function measureLatencies(redisUrl?: string): Promise<BothWays> {
  const port = await freePort();
  const database = await BenchDatabase.start();
  const simulator = await BenchSimulator.start(`http://127.0.0.1:${port}/webhooks/ghl`);
  const servers: ChildServer[] = [];
  const watcher = new pg.Client({ connectionString: database.url });
  try {
    await connectLocation(database, simulator);
    await simulator.seed(CONTACTS);
    servers.push(...(await startSystem(database, simulator, port, redisUrl)));
    await bringIn(database, simulator);
    await watcher.connect();
    return await new Race(database, simulator, watcher).run();
  } finally {
    await watcher.end();
    for (const server of servers) await server.stop();
    simulator.stop();
    await database.stop();
  }
}

async function startSystem(
  database: BenchDatabase,
  simulator: BenchSimulator,
  port: number,
  redisUrl: string | undefined,
): Promise<ChildServer[]> {
  const env = {
    ...serviceEnvironment(database.url, 'of-the-bench'),
    GHL_API_URL: simulator.url,
    GHL_CLIENT_ID: simulator.clientId,
    GHL_CLIENT_SECRET: simulator.clientSecret,
    GHL_WEBHOOK_PUBLIC_KEYS: simulator.publicKeyPem,
    LOG_LEVEL: 'error',
  };
  const start = (app: string, more: Record<string, string>, appPort: number): Promise<ChildServer> =>
    ChildServer.start(
      join(APPS, app, 'main.js'),
      { ...env, ...more, PORT: String(appPort) },
      '/health/ready',
    );
  if (redisUrl === undefined) return [await start('standalone', {}, port)];
  const shared = { REDIS_URL: redisUrl };
  return [await start('api', shared, port), await start('worker', shared, await freePort())];
}

/** By an import, as an administrator would. */
async function bringIn({ source, hookId }: BenchDatabase, { locationId }: BenchSimulator): Promise<void> {
  await source.query(
    `insert into ghl.imports (account_id, hook_id, location_id, selection, started_by)
     values (1, $1, $2, '{"kind": "all"}', 1)`,
    [hookId, locationId],
  );
  for (let waited = 0; waited < LATEST_MS; waited += 100) {
    const [row] = await source.query<[{ done: boolean }]>(
      `select state = 'completed' as done from ghl.imports order by id desc limit 1`,
    );
    if (row.done) return;
    await setTimeout(100);
  }
  throw new Error('the contacts did not come in');
}

interface LinkedContact {
  readonly id: number;
  /** HighLevel's. */
  readonly ghlId: string;
}

/** Changes that are on their way, by their numbers, and how long those took that have arrived. */
class Race {
  private readonly begun = { in: new Map<number, number>(), out: new Map<number, number>() };
  private readonly took = { in: [] as number[], out: [] as number[] };

  constructor(
    private readonly database: BenchDatabase,
    private readonly simulator: BenchSimulator,
    private readonly watcher: pg.Client,
  ) {}

  async run(): Promise<BothWays> {
    const contacts = await this.database.source.query<LinkedContact[]>(
      `select contact_id as id, ghl_contact_id as "ghlId" from ghl.contact_links order by id`,
    );
    if (contacts.length !== CONTACTS)
      throw new Error(`${contacts.length} of ${CONTACTS} contacts are linked`);
    await this.listen();
    const editor = new pg.Pool({ connectionString: this.database.url, max: 4 });
    const warm = CHANGES_PER_SECOND * WARM_UP_SECONDS;
    await this.changeAll(contacts, editor, 0, warm);
    for (const times of Object.values(this.took)) times.length = 0;
    await this.changeAll(contacts, editor, warm, warm + CHANGES_PER_SECOND * SECONDS);
    await editor.end();
    return { inbound: latenciesOf(this.took.in), outbound: latenciesOf(this.took.out) };
  }

  /** Makes changes with these numbers and waits until all have arrived. */
  private async changeAll(
    contacts: readonly LinkedContact[],
    editor: pg.Pool,
    first: number,
    end: number,
  ): Promise<void> {
    const started = performance.now();
    for (let n = first; n < end; n += 1) {
      const ahead = started + ((n - first) * 1_000) / CHANGES_PER_SECOND - performance.now();
      if (ahead > 1) await setTimeout(ahead);
      const contact = contacts[n % CONTACTS];
      if (contact) this.change(n % 2 === 0 ? 'in' : 'out', n, contact, editor);
    }
    for (let waited = 0; this.underWay > 0 && waited < LATEST_MS; waited += 50) await setTimeout(50);
    if (this.underWay > 0) throw new Error(`${this.underWay} changes did not arrive`);
  }

  private get underWay(): number {
    return this.begun.in.size + this.begun.out.size;
  }

  /** A notification is delivered when its transaction is committed. */
  private async listen(): Promise<void> {
    await this.watcher.query(
      `create function bench_told() returns trigger language plpgsql as $$
       begin perform pg_notify('bench', new.additional_attributes ->> 'city'); return null; end $$;
       create trigger bench_told after update of additional_attributes on public.contacts for each row
         when (new.additional_attributes ->> 'city' like 'in %') execute function bench_told();
       listen bench`,
    );
    this.watcher.on('notification', ({ payload = '' }) => this.arrived('in', payload));
    this.simulator.onCity((city) => this.arrived('out', city));
  }

  private change(way: 'in' | 'out', n: number, { id, ghlId }: LinkedContact, editor: pg.Pool): void {
    const city = `${way} ${n}`;
    this.begun[way].set(n, performance.now());
    if (way === 'in') this.simulator.edit(ghlId, city);
    else
      void editor.query({
        name: 'edit',
        text: `update contacts set updated_at = now(),
                      additional_attributes = additional_attributes || jsonb_build_object('city', $2::text) where id = $1`,
        values: [id, city],
      });
  }

  /** With it came those changes of the contact that it has overtaken: what is behind is sent as it is by now. */
  private arrived(way: 'in' | 'out', city: string): void {
    const [told, number] = city.split(' ');
    if (told !== way) return;
    for (let n = Number(number); n >= 0; n -= CONTACTS) {
      const begun = this.begun[way].get(n);
      if (begun === undefined) return;
      this.begun[way].delete(n);
      this.took[way].push(performance.now() - begun);
    }
  }
}

function latenciesOf(times: readonly number[]): Latencies {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99) };
}
