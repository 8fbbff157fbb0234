import { type TestDatabase } from '../harness/database.js';
import { type Console } from './console.js';

/** A bit of everything: contacts, an import with failures, events of all states, conflicts, matches, runs. */
export async function plant(site: Console, database: TestDatabase): Promise<void> {
  const { page } = site;
  await site.tab('Import');
  await page.getByRole('button', { name: 'Import now' }).click();
  await page.getByText('The import is complete').waitFor();
  await database.query(
    `update ghl.imports set counts = counts || '{"failed": 2}', reason = 'waiting_for_highlevel'`,
  );
  const [hook] = await database.query<{ id: number; location: string }>(
    `select id, reference_id as location from integrations_hooks`,
  );
  await database.query(
    `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state, reason, attempts,
                            attempt_log, next_attempt_at)
     select state, 'ContactUpdate', 1, $1, $2, 'contact:Con0InventedPerson01', '{"type":"ContactUpdate"}', state,
            case state when 'dead' then 'cannot_be_applied' when 'ignored' then 'stale' end, 3,
            '[{"at":"2026-01-01T00:00:00Z","attempt":1,"outcome":"failed","error":"PostgreSQL: deadlock detected (40P01)"}]',
            now() + interval '1 day'
       from unnest(array['done', 'ignored', 'failed', 'dead']) state`,
    [hook!.id, hook!.location],
  );
  await database.query(
    `insert into ghl.outbox (account_id, hook_id, contact_id, operation, state, reason, attempts, last_error, finished_at,
                             next_attempt_at)
     select 1, $1, (select id from contacts order by id limit 1), 'push', state,
            case state when 'dead' then 'refused_by_highlevel' when 'ignored' then 'unlinked' end, 3, 'HighLevel answered 503',
            now() + interval '1 minute', now() + interval '1 day'
       from unnest(array['done', 'ignored', 'failed', 'dead']) state`,
    [hook!.id],
  );
  await database.query(
    `insert into ghl.sync_conflicts (account_id, location_id, contact_id, ghl_contact_id, field, base, deskflow, highlevel,
                                     policy, kept, reversed_at, reversed_by)
     select 1, $1, c.id, 'Con', 'city', '"Oakland"', '"Berkeley"', null, 'latest_wins', 'deskflow',
            case when c.id % 2 = 0 then now() end, case when c.id % 2 = 0 then 1 end
       from contacts c order by id limit 2`,
    [hook!.location],
  );
  await database.query(
    `insert into ghl.ambiguous_matches (account_id, location_id, ghl_contact_id, reason, name, email, candidate_ids)
     select 1, $1, 'Con0InventedPerson0' || n, 'several_with_email', 'Mara Quill', 'mara@example.test',
            (select array_agg(id) from (select id from contacts order by id limit 2) two)
       from generate_series(1, 2) n`,
    [hook!.location],
  );
  await database.query(
    `insert into ghl.reconciliation_runs (account_id, location_id, kind, reason, agreed_from, began_at, finished_at, counts)
     values (1, $1, 'changes', 'schedule', now(), now(), now(),
             '{"requests":1,"lookedAt":9,"created":2,"updated":3,"archived":1,"refused":0,"conflicts":0}')`,
    [hook!.location],
  );
}
