import { useDatabase } from '../../test/harness/database.js';
import { CANDIDATES_AFTER, candidatesAfter } from './due-hooks.js';

const OURS = 10_000;
const OF_OTHER_APPS = 40_000;
const BATCH = 500;

/** A node of PostgreSQL's plan. */
interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('the hooks that a refresh run looks at', () => {
  const database = useDatabase();

  beforeAll(async () => {
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, status, access_token, settings, created_at,
                                       updated_at)
       select n % 500, case when n % 5 = 0 then 'gohighlevel' else 'slack' end, 'loc' || n, 1, repeat('t', 1000),
              jsonb_build_object('expires_at', now() + interval '1 day', 'refresh_token', repeat('r', 1000)),
              now(), now()
         from generate_series(1, $1::int) n`,
      [OURS + OF_OTHER_APPS],
    );
    await database.query(
      `insert into ghl.connections (hook_id, account_id)
       select id, account_id from integrations_hooks where app_id = 'gohighlevel'`,
    );
    await database.query('analyze integrations_hooks');
    await database.query('analyze ghl.connections');
  });

  it.each([
    ['first', 0],
    ['last', OURS + OF_OTHER_APPS - 5 * BATCH],
  ])('come from an index, the %s batch as well as any other', async (_which, after) => {
    const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (format json) ${CANDIDATES_AFTER}`,
      [after, BATCH],
    );
    const nodes = nodesOf(row!['QUERY PLAN'][0].Plan);
    const limited = nodes.find((node) => node['Node Type'] === 'Limit');
    const ofHooks = nodes.filter((node) => node['Relation Name'] === 'integrations_hooks');
    expect(ofHooks).toMatchObject([{ 'Node Type': 'Index Scan', 'Index Name': 'index_ghl_hooks_enabled' }]);
    // Nothing is sorted before it is cut off: the index gives them in order.
    expect(nodesOf(limited!).map((node) => node['Node Type'])).toEqual(['Limit', 'Index Scan']);
  });

  it('are all found once, in batches', async () => {
    const found = new Set<number>();
    for (let lastId = 0; ;) {
      const batch = await candidatesAfter(database.source, lastId, BATCH);
      expect(batch.length).toBeLessThanOrEqual(BATCH);
      const last = batch.at(-1);
      if (!last) break;
      lastId = last.id;
      for (const { id } of batch) found.add(id);
    }
    expect(found.size).toBe(OURS);
  });
});
