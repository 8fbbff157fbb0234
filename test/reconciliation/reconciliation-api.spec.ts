import { eventually } from '../harness/eventually.js';
import { PATH, useReconciliation } from './reconciliation-fixture.js';

const here = useReconciliation();

describe('the API', () => {
  it('shows until when both sides agree, and takes the wish for a run now', async () => {
    expect((await here.site.api.call('GET', PATH, { as: 'admin' })).body).toEqual({ payload: [] });
    const { status, body } = await here.site.api.call('POST', PATH, {
      as: 'admin',
      body: { kind: 'deletions' },
    });
    expect(status).toBe(200);
    expect(body['payload']).toMatchObject([
      {
        location_id: here.site.location.id,
        kind: 'changes',
        running: false,
        finished_at: null,
        last_error: null,
      },
      { location_id: here.site.location.id, kind: 'deletions', running: false, finished_at: null },
    ]);
    await here.look();
    await eventually(async () =>
      expect(await here.runs()).toMatchObject([{ kind: 'deletions', reason: 'request', created: 0 }]),
    );
    expect(
      await here.database.query(
        `select action, details from ghl.audit_events where action like 'reconciliation%'`,
      ),
    ).toEqual([{ action: 'reconciliation.request', details: { kind: 'deletions' } }]);
  });

  it.each([
    [{ kind: 'everything' }, 422, 'validation_failed'],
    [{ location: 'x' }, 422, 'validation_failed'],
    [{ location_id: 'elsewhere' }, 404, 'not_connected'],
  ])('refuses %j', async (body, status, code) => {
    expect(await here.site.api.call('POST', PATH, { as: 'admin', body })).toMatchObject({
      status,
      body: { code },
    });
  });

  it('is for administrators of the account', async () => {
    for (const as of ['agent', 'stranger'] as const)
      expect((await here.site.api.call('GET', PATH, { as })).status).toBe(401);
    expect((await here.site.api.call('GET', `${PATH}/runs`)).status).toBe(401);
  });

  it('pages through the runs', async () => {
    await here.database.query(
      `insert into ghl.reconciliation_runs (account_id, location_id, kind, reason, agreed_from, began_at, counts)
       select case when n = 3 then 2 else 1 end, 'Loc', 'changes', 'schedule', now(), now(),
              '{"requests":1,"lookedAt":1,"created":1,"updated":0,"archived":0,"refused":0,"conflicts":0}'
         from generate_series(1, 4) n`,
    );
    const first = await here.site.api.call('GET', `${PATH}/runs?limit=2`, { as: 'admin' });
    expect(first.body).toMatchObject({ payload: [{ id: 4 }, { id: 2 }], meta: { next_before: 2 } });
    const second = await here.site.api.call('GET', `${PATH}/runs?limit=2&before=2`, { as: 'admin' });
    expect(second.body).toMatchObject({ payload: [{ id: 1 }], meta: { next_before: null } });
  });
});
