import { useReconciliation } from './reconciliation-fixture.js';

const here = useReconciliation();

describe('the sweep for deletions', () => {
  const deleted = (): Promise<{ name: string }[]> =>
    here.database.query(
      `select name from contacts where custom_attributes ->> 'ghl_deleted' = 'true' order by name`,
    );

  beforeEach(async () => {
    await here.rest();
    here.site.seed(4);
    await here.run();
    await here.database.query(`update ghl.contact_links set updated_at = now() - interval '1 minute'`);
  });

  it('archives whom HighLevel has no more, and reports it', async () => {
    const [first, , third] = here.site.there();
    here.site.connections.simulator.contacts.remove(first!);
    here.site.connections.simulator.contacts.remove(third!);
    await here.run('deletions');
    expect(await deleted()).toEqual([{ name: 'Person N0' }, { name: 'Person N2' }]);
    expect(await here.runs()).toMatchObject([
      { kind: 'deletions', looked_at: 2, archived: 2, requests: 1 + 2 },
    ]);
    expect(await here.database.query('select from ghl.sighted_contacts')).toEqual([]);
    expect(await here.database.query('select from ghl.outbox')).toEqual([]);
    await here.run('deletions');
    expect(await here.runs()).toHaveLength(1);
  });

  it('leaves who is merely not found by the search', async () => {
    here.site.connections.simulator.settings.change({ searchLagMs: 60_000 });
    try {
      await here.run('deletions');
    } finally {
      here.site.connections.simulator.settings.change({ searchLagMs: 0 });
    }
    expect(await deleted()).toEqual([]);
    expect(
      here.site.connections.simulator.requests.count('GET', `/contacts/${here.site.there()[0]!.id}`),
    ).toBe(1);
  });

  it('asks for nobody whom it saw, nor who was linked since it began, nor who is deleted on both sides', async () => {
    const [first, second] = here.site.there();
    await here.database.query(
      `update ghl.contact_links set updated_at = now() + interval '1 minute' where ghl_contact_id = $1`,
      [first!.id],
    );
    await here.database.query(
      `update ghl.contact_links set local_deleted_at = now() where ghl_contact_id = $1`,
      [second!.id],
    );
    for (const contact of [first!, second!]) here.site.connections.simulator.contacts.remove(contact);
    here.site.connections.simulator.requests.clear();
    await here.run('deletions');
    expect(here.site.connections.simulator.requests.list().map(({ path }) => path)).toEqual([
      '/contacts/search',
    ]);
    expect(await deleted()).toEqual([]);
  });

  it('takes a request for 500 contacts, and goes on where it was when HighLevel failed', async () => {
    here.site.seed(600);
    const [first] = here.site.there();
    here.site.connections.simulator.contacts.remove(first!);
    here.site.connections.simulator.requests.clear();
    await here.runIntoFailure('deletions');
    expect(await here.database.query('select from ghl.sighted_contacts')).toHaveLength(500);
    await here.run('deletions');
    expect(await deleted()).toEqual([{ name: 'Person N0' }]);
    expect(here.searches()).toBe(2 + 1);
  });
});
