import { WorkerProcess } from '../contact-sync/worker-process.js';
import { eventually } from '../harness/eventually.js';
import { holdCall } from '../harness/held-call.js';
import { ENCRYPTION } from '../integrations/connection-fixture.js';
import { MINUTE_MS, useReconciliation } from './reconciliation-fixture.js';

const here = useReconciliation();

describe('the poll for changes', () => {
  beforeEach(() => here.rest());

  it('brings what lost webhooks would have told, and reports it', async () => {
    const [first, second] = here.site.seed(2);
    for (const contact of [first!, second!]) here.changedAgo(4, contact);
    await here.run();
    await here.database.query('truncate ghl.reconciliation_runs');
    here.changedAgo(3, first!, { firstName: 'Changed' });
    const [third] = here.site.seed(1);
    here.changedAgo(2, third!);
    await here.run();
    expect((await here.names()).sort()).toEqual(['Changed N0', 'Person N1', 'Person N2']);
    expect(await here.runs()).toMatchObject([
      { kind: 'changes', reason: 'schedule', requests: 1, looked_at: 3, created: 1, updated: 1, archived: 0 },
    ]);
  });

  it('counts nothing as lost whose event may be on its way', async () => {
    here.site.seed(2);
    await here.run();
    expect(await here.names()).toHaveLength(2);
    expect(await here.runs()).toEqual([]);
  });

  it('sends nothing back', async () => {
    here.site.seed(2);
    await here.run();
    expect(await here.database.query('select from ghl.outbox')).toEqual([]);
  });

  it('goes on from where both sides agreed last, with an overlap', async () => {
    const [old, recent] = here.site.seed(2);
    here.changedAgo(30, old!);
    here.changedAgo(4, recent!);
    await here.run();
    expect(await here.names()).toEqual(['Person N1']);
    await here.database.query(`update ghl.reconciliations set agreed_until = now() - interval '28 minutes'`);
    await here.run();
    expect(await here.names()).toEqual(['Person N1', 'Person N0']);
  });

  it('takes a request for 500 contacts', async () => {
    here.site.seed(1_001);
    await here.run();
    expect(here.searches()).toBe(3);
    expect(await here.site.contacts()).toHaveLength(1_001);
  });

  it('leaves what was changed here meanwhile to the merge', async () => {
    const [contact] = here.site.seed(1);
    here.changedAgo(4, contact!);
    await here.run();
    await here.database.query(`update contacts set additional_attributes = '{"city": "Oslo"}'`);
    here.changedAgo(2, contact!, { lastName: 'Married' });
    await here.run();
    expect(
      await here.database.query(`select name, additional_attributes ->> 'city' as city from contacts`),
    ).toEqual([{ name: 'Person Married', city: 'Oslo' }]);
  });

  it('looks at the time of an outage at once', async () => {
    const [contact] = here.site.seed(1);
    here.changedAgo(30, contact!);
    await here.database.query(
      `insert into ghl.reconcile_requests (reason, from_at, to_at)
       values ('intake_outage', now() - interval '40 minutes', now() - interval '20 minutes')`,
    );
    await here.look();
    await eventually(async () => expect(await here.names()).toEqual(['Person N0']));
    await eventually(async () =>
      expect(await here.runs()).toMatchObject([{ reason: 'intake_outage', created: 1 }]),
    );
    expect(await here.database.query('select from ghl.reconcile_requests where taken_at is null')).toEqual(
      [],
    );
    expect((await here.row('changes')).agreed_until.getTime()).toBeGreaterThan(Date.now() - MINUTE_MS);
  });

  it('looks once more at an outage that was recorded while it ran', async () => {
    const [contact] = here.site.seed(1);
    here.changedAgo(30, contact!);
    const search = holdCall(here.site.connections.simulator.faults, { path: '/contacts/search' });
    await here.due('changes');
    await here.look();
    await search.arrived();
    await here.database.query(
      `insert into ghl.reconcile_requests (reason, from_at, to_at)
       values ('intake_outage', now() - interval '40 minutes', now() - interval '20 minutes')`,
    );
    await here.look();
    search.letGo();
    await eventually(async () => expect((await here.row('changes')).lease_token).toBeNull());
    expect(await here.names()).toEqual([]);
    await here.look();
    await eventually(async () => expect(await here.names()).toEqual(['Person N0']));
  });

  it('waits when HighLevel fails, and then goes on after the last page', async () => {
    const people = here.site.seed(501);
    for (const [n, person] of people.entries()) here.changedAgo(4 - n / 501, person);
    await here.runIntoFailure('changes');
    expect(await here.site.contacts()).toHaveLength(500);
    expect((await here.row('changes')).due_at.getTime()).toBeLessThan(Date.now() + MINUTE_MS);
    await here.run();
    expect(await here.site.contacts()).toHaveLength(501);
    expect((await here.row('changes')).last_error).toBeNull();
  });

  it('may lose its worker: the next one goes on', async () => {
    const people = here.site.seed(600);
    for (const [n, person] of people.entries()) here.changedAgo(4 - n / 600, person);
    const lastPage = holdCall(here.site.connections.simulator.faults, { path: '/contacts/search', skip: 1 });
    await here.due('changes');
    const worker = await WorkerProcess.start(here.database.url, here.site.connections, ENCRYPTION);
    await eventually(async () => expect((await here.site.contacts()).length).toBeGreaterThan(0));
    await worker.kill();
    await here.look();
    expect((await here.row('changes')).lease_token).not.toBeNull(); // its lease still runs
    lastPage.letGo();
    await here.database.query('update ghl.reconciliations set lease_until = now()');
    await here.look();
    await eventually(async () => expect(await here.site.contacts()).toHaveLength(600));
  });

  it('goes on without the contact that cannot be stored', async () => {
    here.site.seed(3);
    await here.database.query(
      `create function refuse() returns trigger language plpgsql as $$
       begin
         if new.email = 'person.1@example.test' then raise exception 'no' using errcode = '22001'; end if;
         return new;
       end $$;
       create trigger refuse before insert on contacts for each row execute function refuse()`,
    );
    try {
      await here.run();
    } finally {
      await here.database.query('drop function refuse cascade');
    }
    expect((await here.names()).sort()).toEqual(['Person N0', 'Person N2']);
    expect(await here.runs()).toMatchObject([{ refused: 1 }]);
  });

  it('asks nothing of a connection that is not well, and catches up when it is', async () => {
    await here.database.query(`update ghl.connections set state = 'reauthorization_required'`);
    await here.due('changes', '1 hour');
    const [contact] = here.site.seed(1);
    here.changedAgo(30, contact!);
    const before = here.searches();
    await here.look();
    expect(here.searches()).toBe(before);
    await here.database.query(`update ghl.connections set state = 'connected'`);
    await here.look();
    await eventually(async () => expect(await here.names()).toEqual(['Person N0']));
  });

  it('after a disconnect and a reconnect goes on from where both sides agreed', async () => {
    await here.due('changes', '1 hour');
    await here.database.query('delete from integrations_hooks where id = $1', [here.hookId]);
    const [contact] = here.site.seed(1);
    here.changedAgo(30, contact!);
    await here.look();
    expect(await here.names()).toEqual([]);
    await here.site.connections.connect({ hooks: here.site.api.hooks });
    await here.look();
    await eventually(async () => expect(await here.names()).toEqual(['Person N0']));
  });
});
