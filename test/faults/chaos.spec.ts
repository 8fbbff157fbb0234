import { createHmac, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { freePort } from '#apps/standalone/free-port.js';
import { dataSourceOptions, EmbeddedPostgres, runMigrations } from '#libs/database';
import { eventually } from '../harness/eventually.js';
import { redisIsInstalled, RedisServer } from '../queue/redis-server.js';
import { connectedHook, contactEvent } from '../webhooks/webhook-fixture.js';
import { Deployment } from './deployment.js';

const CONTACTS = 1_000;
const EVENTS_PER_CONTACT = 20;
const EVENTS = CONTACTS * EVENTS_PER_CONTACT;
const CONNECTIONS = 64;
/** One event in so many is delivered twice. */
const DUPLICATE_EVERY = 20;
/** HighLevel's patience is longer; a test's is not (milliseconds). */
const BETWEEN_TRIES_MS = 100;
const BETWEEN_KILLS_MS = 500;
const ALL_APPLIED_WITHIN_MS = 240_000;
const SECRET = 'shared-secret-of-this-chaos';

const suite = redisIsInstalled() ? describe : describe.skip;

suite('while processes are killed, PostgreSQL is restarted and Redis is flushed', () => {
  let directory: string;
  let postgres: EmbeddedPostgres;
  let redis: RedisServer;
  let deployment: Deployment;
  let source: DataSource;
  let url: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'deskflow-ghl-chaos-'));
    await chmod(directory, 0o711); // run by root, the server is another user and has to pass
    postgres = new EmbeddedPostgres({ dataDir: directory, port: await freePort() });
    ({ url } = await postgres.start());
    await runMigrations(url);
    source = await new DataSource(dataSourceOptions(url)).initialize();
    await connectedHook(source);
    await source.query(WRITTEN_NAMES);
    redis = await RedisServer.start();
    deployment = await Deployment.start(
      {
        DATABASE_URL: url,
        REDIS_URL: redis.url,
        FRONTEND_URL: 'http://127.0.0.1',
        GHL_API_URL: 'http://127.0.0.1:1',
        GHL_WEBHOOK_SECRET: SECRET,
      },
      { apis: 2, workers: 3 },
    );
  });

  afterAll(async () => {
    await deployment.stop();
    await redis.stop();
    await source.destroy();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'every event that got 200 is applied exactly once, in the order of its contact',
    async () => {
      const sent = deliverAll();
      const disasters = [
        { after: 0.3, happen: () => restartPostgres() },
        { after: 0.6, happen: () => flushRedis() },
      ];
      let kills = 0;
      while (!sent.isOver()) {
        await setTimeout(BETWEEN_KILLS_MS);
        const disaster = disasters[0];
        if (disaster && sent.accepted.size >= disaster.after * EVENTS) {
          await disaster.happen();
          disasters.shift();
        } else {
          await deployment.killOne(Math.random());
          kills += 1;
        }
      }
      await sent.over;
      expect(disasters).toEqual([]);
      expect(kills).toBeGreaterThanOrEqual(5);
      expect(sent.accepted.size).toBe(EVENTS);

      await eventually(async () => {
        const [{ open }] = await source.query<[{ open: number }]>(
          `select (select count(*) from ghl.intake_journal)::int
                + (select count(*) from ghl.inbox where state not in ('done', 'ignored'))::int as open`,
        );
        expect(open).toBe(0);
      }, ALL_APPLIED_WITHIN_MS);

      await expectEachKeptOnce(sent.accepted);
      await expectOrderHeld();
      await expectLastState();
    },
    ALL_APPLIED_WITHIN_MS + 300_000,
  );

  /** Each event until it gets its 200, whoever gives it, by so many senders at a time. */
  function deliverAll(): { accepted: Set<string>; over: Promise<unknown>; isOver: () => boolean } {
    const events = Array.from({ length: EVENTS }, (_, index) =>
      revisionOf(index % CONTACTS, Math.floor(index / CONTACTS)),
    );
    const accepted = new Set<string>();
    let next = 0;
    let over = false;
    const send = async (): Promise<void> => {
      for (let event = events[next++]; event; event = events[next++]) {
        await deliver(event);
        accepted.add(event.webhookId);
        if (next % DUPLICATE_EVERY === 0) await deliver(event);
      }
    };
    const all = Promise.all(Array.from({ length: CONNECTIONS }, send)).finally(() => (over = true));
    return { accepted, over: all, isOver: () => over };
  }

  async function deliver(event: object): Promise<void> {
    const body = JSON.stringify(event);
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-ghl-signature': signature };
    for (let attempt = Math.floor(Math.random() * 2); ; attempt += 1) {
      const api = deployment.apiUrls[attempt % deployment.apiUrls.length] ?? '';
      const answer = await fetch(`${api}/webhooks/ghl`, { method: 'POST', headers, body }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return;
      // 429 says: not stored, deliver again. Anything else would be lost by HighLevel's policies.
      if (answer) expect(answer.status).toBe(429);
      await setTimeout(BETWEEN_TRIES_MS);
    }
  }

  async function restartPostgres(): Promise<void> {
    await postgres.stop();
    await postgres.start();
  }

  async function flushRedis(): Promise<void> {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  }

  async function expectEachKeptOnce(accepted: ReadonlySet<string>): Promise<void> {
    const rows = await source.query<{ key: string }[]>('select delivery_key as key from ghl.inbox');
    expect(new Set(rows.map(({ key }) => key))).toEqual(new Set([...accepted].map((id) => `webhook:${id}`)));
    expect(rows).toHaveLength(accepted.size);
  }

  /** What was written to a contact, one after the other, are rising revisions: none twice, none after a later one. */
  async function expectOrderHeld(): Promise<void> {
    const wrong = await source.query(
      `select * from (select contact_id, revision, lag(revision) over (partition by contact_id order by id) as before
                        from written_names) as writes
        where before >= revision`,
    );
    expect(wrong).toEqual([]);
  }

  async function expectLastState(): Promise<void> {
    const contacts = await source.query<{ name: string; email: string; links: number }[]>(
      `select c.name, c.email, (select count(*)::int from ghl.contact_links l where l.contact_id = c.id) as links
         from contacts c order by c.email`,
    );
    const model = Array.from({ length: CONTACTS }, (_, contact) => ({
      name: `Revision ${EVENTS_PER_CONTACT - 1}`,
      email: emailOf(contact),
      links: 1,
    })).sort((one, other) => (one.email < other.email ? -1 : 1));
    expect(contacts).toEqual(model);
  }
});

/** Every name a contact ever got, in order. A number in it is the revision. */
const WRITTEN_NAMES = `
  create table written_names (
    id bigint generated always as identity primary key, contact_id bigint not null, revision integer not null);
  create function write_name_down() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' or new.name is distinct from old.name then
      insert into written_names (contact_id, revision) values (new.id, substring(new.name from '\\d+')::int);
    end if;
    return new;
  end $$;
  create trigger write_name_down before insert or update on contacts for each row execute function write_name_down()`;

const FIRST_AT = Date.UTC(2026, 10, 18);

function emailOf(contact: number): string {
  return `person.${contact}@example.test`;
}

function revisionOf(contact: number, revision: number): { webhookId: string } {
  const webhookId = randomUUID();
  return {
    webhookId,
    ...contactEvent({
      webhookId,
      type: revision === 0 ? 'ContactCreate' : 'ContactUpdate',
      id: `Con0Chaos${String(contact).padStart(11, '0')}`,
      firstName: 'Revision',
      lastName: String(revision),
      email: emailOf(contact),
      timestamp: new Date(FIRST_AT + revision * 1_000).toISOString(),
    }),
  };
}
