import pg from 'pg';
import { type BenchDatabase } from './bench-database.js';
import { type BacklogEvent } from './inbox-backlog.js';

/** Not the connected account: nothing is captured for it. */
const ACCOUNT = 2;

const UPSERT = `on conflict (email, account_id) do update
  set name = excluded.name, phone_number = excluded.phone_number, updated_at = excluded.updated_at`;

/** The simplest thing that works: an upsert for each event, by one connection, each its own commit. @returns seconds */
export async function insertEach({ url }: BenchDatabase, events: readonly BacklogEvent[]): Promise<number> {
  return timed(url, async (client) => {
    for (const { name, email, phone, id } of events) {
      await client.query({
        name: 'insert_each',
        text: `insert into contacts (account_id, name, email, phone_number, identifier, ghl_contact_id, contact_type,
                                     created_at, updated_at)
               values (${ACCOUNT}, $1, $2, $3, $4, $4, 1, now(), now()) ${UPSERT}`,
        values: [name, email, phone, id],
      });
    }
  });
}

/** The fastest thing that could be: the last event of each contact in one statement. @returns seconds */
export async function insertAtOnce({ url }: BenchDatabase, events: readonly BacklogEvent[]): Promise<number> {
  return timed(url, async (client) => {
    await client.query(
      `insert into contacts (account_id, name, email, phone_number, identifier, ghl_contact_id, contact_type,
                             created_at, updated_at)
       select distinct on (e.email) ${ACCOUNT}, e.name, e.email, e.phone, e.id, e.id, 1, now(), now()
         from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
              as e (name, email, phone, id, position)
        order by e.email, e.position desc ${UPSERT}`,
      [
        events.map(({ name }) => name),
        events.map(({ email }) => email),
        events.map(({ phone }) => phone),
        events.map(({ id }) => id),
      ],
    );
  });
}

async function timed(url: string, work: (client: pg.Client) => Promise<void>): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const started = performance.now();
    await work(client);
    return (performance.now() - started) / 1000;
  } finally {
    await client.end();
  }
}
