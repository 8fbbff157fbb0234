import { CONTACTS_PER_PAGE } from '#libs/imports';
import { eventually } from '../harness/eventually.js';
import { type HeldCall, holdCall } from '../harness/held-call.js';
import { ENCRYPTION } from '../integrations/connection-fixture.js';
import { WorkerProcess } from '../contact-sync/worker-process.js';
import { useImports } from './import-fixture.js';

const imports = useImports();
const { database } = imports;

const holdPage = (n: number): HeldCall =>
  holdCall(imports.site.connections.simulator.faults, { path: '/contacts/search', skip: n - 1 });

describe('while an import runs', () => {
  it('contacts that change end as HighLevel has them', async () => {
    const people = imports.site.seed(CONTACTS_PER_PAGE * 2);
    const { id } = await imports.order();
    const secondPage = holdPage(2);
    await imports.look();
    await secondPage.arrived();
    imports.site.edit(people[0]!, { firstName: 'Early' });
    imports.site.edit(people.at(-1)!, { firstName: 'Late' });
    secondPage.letGo();
    await imports.until(id, 'completed');
    await imports.run({ selection: 'since', since: new Date(Date.now() - 60_000).toISOString() });
    const names = (await imports.site.contacts()).map(({ name }) => name);
    expect(names).toContain(`Early N0`);
    expect(names).toContain(`Late N${people.length - 1}`);
    expect(await imports.duplicates()).toBe(0);
  });

  it('it can be paused, resumed where it was, and cancelled', async () => {
    imports.site.seed(CONTACTS_PER_PAGE * 4);
    const thirdPage = holdPage(3);
    const { id } = await imports.order();
    await imports.look();
    await eventually(async () => expect((await imports.show(id)).done).toBeGreaterThan(0));
    expect((await imports.call('POST', `/${id}/pause`)).body).toMatchObject({ payload: { state: 'paused' } });
    thirdPage.letGo();
    await imports.site.restartWorker();
    const { done } = await imports.show(id);
    expect(done).toBeLessThan(CONTACTS_PER_PAGE * 4);
    await imports.look();
    expect((await imports.show(id)).done).toBe(done);

    expect((await imports.call('POST', `/${id}/resume`)).status).toBe(200);
    await imports.look();
    // Whoever is walked past twice would count as unchanged the second time.
    expect(await imports.until(id, 'completed')).toMatchObject({
      counts: { created: CONTACTS_PER_PAGE * 4, unchanged: 0 },
    });
    expect(await imports.duplicates()).toBe(0);

    const { id: another } = await imports.order();
    expect((await imports.call('DELETE', `/${another}`)).body).toMatchObject({
      payload: { state: 'cancelled' },
    });
    await imports.look();
    expect(await imports.show(another)).toMatchObject({ state: 'cancelled', done: 0 });
  });

  it('its worker may be killed: the next one goes on after the last page', async () => {
    const count = CONTACTS_PER_PAGE * 6;
    imports.site.seed(count);
    const fifthPage = holdPage(5);
    const { id } = await imports.order();
    const worker = await WorkerProcess.start(database.url, imports.site.connections, ENCRYPTION);
    await eventually(async () => expect((await imports.show(id)).done).toBeGreaterThan(0));
    await worker.kill();
    const { done } = await imports.show(id);
    expect(done).toBeLessThan(count);
    expect(await imports.site.contacts()).toHaveLength(done); // counted and written together

    await imports.look();
    expect((await imports.show(id)).done).toBe(done); // the lease still runs
    await database.query('update ghl.imports set lease_until = now()');
    fifthPage.letGo();
    await imports.look();
    expect(await imports.until(id, 'completed')).toMatchObject({ total: count, counts: { created: count } });
    expect(await imports.duplicates()).toBe(0);
  });

  it('HighLevel may fail: it waits, and goes on', async () => {
    imports.site.seed(3);
    imports.site.connections.simulator.faults.add({
      kind: 'status',
      path: '/contacts/search',
      status: 503,
      times: 1,
    });
    const { id } = await imports.order();
    await imports.look();
    await eventually(async () =>
      expect(await imports.show(id)).toMatchObject({ state: 'running', reason: 'waiting_for_highlevel' }),
    );
    await database.query('update ghl.imports set next_attempt_at = now()');
    await imports.look();
    expect(await imports.until(id, 'completed')).toMatchObject({ reason: null, done: 3 });
  });

  it('the connection may end: so does the import', async () => {
    imports.site.seed(3);
    const { id } = await imports.order();
    await database.query('delete from integrations_hooks where id = $1', [imports.hookId]);
    await imports.look();
    expect(await imports.until(id, 'failed')).toMatchObject({ reason: 'disconnected' });
  });
});
