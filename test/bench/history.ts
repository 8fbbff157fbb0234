import { type BenchDatabase, LOCATION } from './bench-database.js';

/** Contact ids of the history: far above those the benches make. */
const FIRST = 100_000_000;
const ROWS_PER_STATEMENT = 100_000;

/** What a location of some years leaves behind: contacts with their links, and events that are done. */
export async function fillWithHistory({ source, hookId }: BenchDatabase, rows: number): Promise<void> {
  for (let start = 1; start <= rows; start += ROWS_PER_STATEMENT) {
    const range = [FIRST + start, FIRST + Math.min(start + ROWS_PER_STATEMENT - 1, rows)];
    await source.transaction(async (manager) => {
      await manager.query(
        `select set_config('ghl.origin', $1, true), set_config('statement_timeout', '0', true)`,
        [String(hookId)],
      );
      await manager.query(
        `insert into contacts (id, account_id, name, email, phone_number, identifier, ghl_contact_id, contact_type,
                               created_at, updated_at)
         select n, 1, 'Old Quill ' || n, 'old.' || n || '@example.test', '+1415' || n, 'Old' || n, 'Old' || n, 1, now(), now()
           from generate_series($1::int, $2::int) n`,
        range,
      );
      await manager.query(
        `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, snapshot, remote_version)
         select 1, $3, n, 'Old' || n, jsonb_build_object('email', 'old.' || n || '@example.test'), now()
           from generate_series($1::int, $2::int) n`,
        [...range, LOCATION],
      );
      await manager.query(
        `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, event_at, body, state,
                                attempts, finished_at)
         select 'webhook:' || gen_random_uuid(), 'ContactUpdate', 1, $3, $4, 'contact:Old' || n, now(),
                convert_to(rpad('{"type":"ContactUpdate"}', 900), 'UTF8'), 'done', 1, now()
           from generate_series($1::int, $2::int) n`,
        [...range, hookId, LOCATION],
      );
    });
  }
  await source.query(`set statement_timeout = 0`);
  for (const table of ['contacts', 'ghl.contact_links', 'ghl.inbox'])
    await source.query(`vacuum analyze ${table}`);
  await source.query('checkpoint');
}
