import { createHmac, timingSafeEqual } from 'node:crypto';
import Bull from 'bull';
import fastify from 'fastify';
import pg from 'pg';

/**
 * What the intake is compared with: Fastify and nothing else checks the signature and stores the body as simply as can
 * be. `STORE` says where: `none`, `insert` (a row a request), `bull` (a job a request), or `group`: rows as this service
 * commits them, with nothing of the rest around it.
 */
type Store = (body: Buffer) => Promise<unknown>;

const { PORT = '', SECRET = '', DATABASE_URL, REDIS_URL } = process.env;

const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  none: () => Promise.resolve(() => Promise.resolve()),
  insert: async () => {
    const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
    await pool.query(
      `create table if not exists bench_events (id bigint generated always as identity primary key,
         delivery_key text not null unique, body bytea not null, received_at timestamptz not null default now())`,
    );
    return (body) => {
      const { webhookId } = JSON.parse(body.toString()) as { webhookId: string };
      return pool.query({
        name: 'insert',
        text: 'insert into bench_events (delivery_key, body) values ($1, $2) on conflict do nothing',
        values: [webhookId, body],
      });
    };
  },
  group: async () => {
    const { GroupCommit } = await import('#libs/queue');
    const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
    await pool.query(
      `create table if not exists bench_groups (id bigint generated always as identity primary key,
         received_at timestamptz not null default now(), lengths integer[] not null, bodies bytea not null)`,
    );
    await pool.query('alter table bench_groups alter column bodies set storage external');
    const commits = new GroupCommit<Buffer>({
      write: async (bodies) => {
        await pool.query({
          name: 'group',
          text: 'insert into bench_groups (lengths, bodies) values ($1, $2)',
          values: [bodies.map(({ length }) => length), Buffer.concat(bodies)],
        });
      },
      isItemsFault: () => false,
      maxItems: 500,
    });
    return (body) => commits.add(body);
  },
  bull: () => {
    const queue = new Bull('bench', REDIS_URL ?? '');
    return Promise.resolve((body) => {
      const { webhookId } = JSON.parse(body.toString()) as { webhookId: string };
      return queue.add({ body: body.toString() }, { jobId: webhookId });
    });
  },
};

const store = await STORES[process.env['STORE'] ?? '']?.();
if (!store) throw new Error('STORE must be none, insert, group or bull');

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.get('/ready', () => ({ ready: true }));
app.post('/events', async (request, reply) => {
  const body = request.body as Buffer;
  const given = Buffer.from(String(request.headers['x-ghl-signature']), 'hex');
  const wanted = createHmac('sha256', SECRET).update(body).digest();
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return reply.code(401).send();
  await store(body);
  return { success: true };
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
