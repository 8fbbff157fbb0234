/**
 * The pages an administrator opens first, beside a million contacts and a million events: `npm run bench:dashboard`. The
 * api as deployed, real PostgreSQL, requests one after the other. BENCH_HISTORY (1,000,000) says how many rows,
 * BENCH_REQUESTS (200) how often each address is asked. The last line is JSON.
 */
import 'reflect-metadata';
import { seedDemo } from '#libs/database';
import { BenchDatabase, LOCATION } from './bench-database.js';
import { fillWithHistory } from './history.js';
import { print, printTable } from './report.js';
import { startService } from './service-under-test.js';

const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 1_000_000);
const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 200);
const WARM_UP = 20;
/** Of what a person has to look at, more than anybody would leave lying: counting stops at a thousand. */
const TROUBLES = 5_000;
const EMAIL = 'bench@example.test';

const GHL = 'integrations/ghl';
const ADDRESSES: Readonly<Record<string, string>> = {
  dashboard: `${GHL}/sync?time_zone=America/Sao_Paulo`,
  connection: `${GHL}/status`,
  events: `${GHL}/events?limit=25`,
  dead_events: `${GHL}/events?limit=25&state=dead`,
  pushes: `${GHL}/pushes`,
  dead_pushes: `${GHL}/pushes?state=dead&settled=false`,
  contacts: 'contacts?page=1&sort=-last_activity_at',
  contact_states: `${GHL}/contact_states?contact_ids=${Array.from({ length: 15 }, (_, n) => 100_000_001 + n).join(',')}`,
  conflicts: `${GHL}/conflicts`,
  matches: `${GHL}/matches?resolved=false`,
};

const database = await BenchDatabase.start();
try {
  await database.source.query(`select setval('accounts_id_seq', max(id)) from accounts`);
  await seedDemo(database.source, { adminEmail: EMAIL, adminPassword: 'Password1!' });
  print(`Filling the account with ${HISTORY} contacts and as many events …`);
  await fillWithHistory(database, HISTORY);
  await fillWithTroubles(database);
  const { server } = await startService(database.url, 'of-the-bench');
  try {
    await measure(`${server.url}/api/v1/accounts/1`, await administratorsToken(database));
  } finally {
    await server.stop();
  }
} finally {
  await database.stop();
}

/** Pushes that are over or were given up, dead letters, conflicts, matches, a month of figures. */
async function fillWithTroubles({ source, hookId }: BenchDatabase): Promise<void> {
  const many = [hookId, TROUBLES];
  await source.query(
    `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, event_at, body, state, reason,
                            attempts, finished_at)
     select 'dead:' || n, 'ContactUpdate', 1, $1, '${LOCATION}', 'contact:Old' || 100000000 + n, now(),
            '{"type":"ContactUpdate"}', 'dead', 'cannot_be_applied', 9, now()
       from generate_series(1, $2::int) n`,
    many,
  );
  await source.query(
    `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state, reason, attempts, finished_at)
     select 1, $1, 100000000 + n, 'push', case when n % 20 = 0 then 'dead' else 'done' end,
            case when n % 20 = 0 then 'invalid' end, 1, now() - interval '1 hour'
       from generate_series(1, $2::int * 20) n`,
    many,
  );
  await source.query(
    `insert into ghl.sync_conflicts (account_id, location_id, contact_id, ghl_contact_id, field, base, deskflow, highlevel,
                                     policy, kept)
     select 1, '${LOCATION}', 100000000 + n, 'Old' || 100000000 + n, 'city', '"Oakland"', '"Berkeley"', '"Albany"',
            'latest_wins', 'deskflow'
       from generate_series(1, $1::int * 10) n`,
    [TROUBLES],
  );
  await source.query(
    `insert into ghl.ambiguous_matches (account_id, location_id, ghl_contact_id, reason, name, email, candidate_ids)
     select 1, '${LOCATION}', 'Con' || n, 'several_with_email', 'Mara Quill', 'mara@example.test',
            array[100000000 + n, 100000001 + n]
       from generate_series(1, $1::int) n`,
    [TROUBLES],
  );
  await source.query(
    `insert into ghl.sync_counts (account_id, hour, direction, shard, contacts)
     select 1, hour, direction, shard, 40
       from generate_series(date_trunc('hour', now()) - interval '31 days', now(), interval '1 hour') hour,
            unnest(array['in', 'out']) direction, generate_series(0, 7) shard`,
  );
  await source.query('vacuum analyze');
}

async function administratorsToken({ source }: BenchDatabase): Promise<string> {
  const [row] = await source.query<[{ token: string }]>(
    `select t.token from access_tokens t join users u on t.owner_type = 'User' and t.owner_id = u.id where u.email = $1`,
    [EMAIL],
  );
  // The demo's accounts come beside those of the bench.
  await source.query(
    `insert into account_users (account_id, user_id, role, created_at, updated_at)
     select 1, id, 1, now(), now() from users where email = $1 on conflict do nothing`,
    [EMAIL],
  );
  return row.token;
}

async function measure(base: string, token: string): Promise<void> {
  const figures: Record<string, number> = {};
  const rows = [];
  for (const [name, path] of Object.entries(ADDRESSES)) {
    const times: number[] = [];
    for (let request = -WARM_UP; request < REQUESTS; request += 1) {
      const took = await timeOf(`${base}/${path}`, token);
      if (request >= 0) times.push(took);
    }
    const sorted = times.toSorted((one, other) => one - other);
    const at = (share: number): number =>
      Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN) * 10) / 10;
    figures[`${name}_p50_ms`] = at(0.5);
    figures[`${name}_p99_ms`] = at(0.99);
    rows.push({ address: path.replace(/\?.*/, '?…'), what: name, 'p50 ms': at(0.5), 'p99 ms': at(0.99) });
  }
  printTable(rows);
  print(JSON.stringify(figures));
}

/** Until the last byte is there. */
async function timeOf(url: string, token: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(url, { headers: { api_access_token: token } });
  await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return performance.now() - began;
}
