import { setTimeout as sleep } from 'node:timers/promises';
import { CONTACTS_PER_PAGE } from '#libs/imports';
import { type QueryRunner } from 'typeorm';
import { eventually } from '../harness/eventually.js';
import { holdCall } from '../harness/held-call.js';
import { useImports } from './import-fixture.js';

const imports = useImports();
const { database } = imports;

/** As in libs/contact-sync/contact-links.ts. */
const REMOTE_CONTACT_LOCK = 0x67686c11;

/** How often a sequence was asked: no transaction hides that, and none takes it back. */
const asked = async (sequence: string): Promise<number> => {
  const [row] = await database.query<{ count: number }>(
    `select case when is_called then last_value else 0 end::int as count from ${sequence}`,
  );
  return row!.count;
};
const contactsMade = (): Promise<number> => asked('contacts_id_seq');
const linksMade = (): Promise<number> => asked('ghl.contact_links_id_seq');
const contactsLookedUp = async (): Promise<number> => {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::int as count from pg_locks where locktype = 'advisory' and classid = $1`,
    [REMOTE_CONTACT_LOCK],
  );
  return row!.count;
};

/** While somebody else holds what `statement` locks. */
async function beside(statement: string, work: (blocker: QueryRunner) => Promise<void>): Promise<void> {
  const blocker = database.source.createQueryRunner();
  await blocker.startTransaction();
  try {
    await blocker.query(statement);
    await work(blocker);
  } finally {
    if (blocker.isTransactionActive) await blocker.rollbackTransaction();
    await blocker.release();
  }
}

/** While one contact cannot be linked, which takes long to be seen. */
async function refusing(ghlContactId: string, work: () => Promise<void>): Promise<void> {
  await database.query(
    `create function refuse() returns trigger language plpgsql as $$
     begin
       if new.ghl_contact_id = '${ghlContactId}' then
         perform pg_sleep(0.5);
         raise exception 'no' using errcode = '22001';
       end if;
       return new;
     end $$;
     create trigger refuse before insert on ghl.contact_links for each row execute function refuse()`,
  );
  try {
    await work();
  } finally {
    await database.query('drop function refuse cascade');
  }
}

const LINKS_STAND_STILL = 'lock table ghl.contact_links in exclusive mode'; // reading goes on

beforeEach(async () => {
  await database.query(
    'alter sequence contacts_id_seq restart; alter sequence ghl.contact_links_id_seq restart',
  );
});

describe('of the pages of an import', () => {
  it('one is locked and looked up while the one before is written, and let go of when it is not wanted', async () => {
    imports.site.seed(CONTACTS_PER_PAGE * 4);
    const { id } = await imports.order();
    await beside(LINKS_STAND_STILL, async () => {
      await imports.look();
      await eventually(async () => expect(await contactsLookedUp()).toBe(CONTACTS_PER_PAGE * 2));
      await imports.call('POST', `/${id}/pause`);
    });
    await eventually(async () => expect(await contactsLookedUp()).toBe(0));
    expect(await imports.show(id)).toMatchObject({ state: 'paused', done: 0 });
    expect(await imports.site.contacts()).toEqual([]);

    await imports.call('POST', `/${id}/resume`);
    await imports.look();
    expect(await imports.until(id, 'completed')).toMatchObject({
      counts: { created: CONTACTS_PER_PAGE * 4, unchanged: 0 },
    });
  });

  it('the contacts of one are made while those of the one before are linked', async () => {
    imports.site.seed(CONTACTS_PER_PAGE * 3, () => ({ tags: ['imported'] }));
    const { id } = await imports.order();
    await beside(LINKS_STAND_STILL, async () => {
      await imports.look();
      await eventually(async () => expect(await contactsMade()).toBe(CONTACTS_PER_PAGE * 2));
      expect(await imports.site.contacts()).toEqual([]);
    });
    expect(await imports.until(id, 'completed')).toMatchObject({
      counts: { created: CONTACTS_PER_PAGE * 3 },
    });
    expect(await imports.duplicates()).toBe(0);
    expect(await database.query('select name, taggings_count from tags')).toEqual([
      { name: 'imported', taggings_count: CONTACTS_PER_PAGE * 3 },
    ]);
  });

  it('neither waits for the other where they share a phone number and the first is written one by one', async () => {
    const last = CONTACTS_PER_PAGE - 1;
    const people = imports.site.seed(CONTACTS_PER_PAGE * 2, (n) =>
      n === last || n === last + 1 ? { phone: '+14155550142' } : {},
    );
    await refusing(people[7]!.id, async () => {
      expect(await imports.run()).toMatchObject({
        counts: { created: CONTACTS_PER_PAGE * 2 - 1, failed: 1 },
      });
    });
    expect(await database.query(`select from contacts where phone_number = '+14155550142'`)).toHaveLength(1);
  });

  it('one is written while the one before is committed, and undone where that cannot be', async () => {
    imports.site.seed(CONTACTS_PER_PAGE * 3);
    const firstPage = holdCall(imports.site.connections.simulator.faults, { path: '/contacts/search' });
    const { id } = await imports.order();
    await imports.look();
    await firstPage.arrived();
    await beside(`select from ghl.imports where id = ${id} for update`, async (blocker) => {
      firstPage.letGo();
      await eventually(async () => expect(await linksMade()).toBe(CONTACTS_PER_PAGE * 2));
      expect(await imports.site.contacts()).toEqual([]);
      await blocker.query(`update ghl.imports set state = 'paused', lease_token = null where id = ${id}`);
      await blocker.commitTransaction();
    });
    await eventually(async () => expect(await contactsLookedUp()).toBe(0));
    expect(await imports.site.contacts()).toEqual([]);
    expect(await imports.show(id)).toMatchObject({ state: 'paused', done: 0 });
  });

  it('one that is still being fetched when the import is paused comes to nothing', async () => {
    imports.site.seed(CONTACTS_PER_PAGE * 2);
    const { faults, requests } = imports.site.connections.simulator;
    const secondPage = holdCall(faults, { path: '/contacts/search', skip: 1 });
    const { id } = await imports.order();
    await beside(LINKS_STAND_STILL, async () => {
      await imports.look();
      await secondPage.arrived();
      await eventually(async () => expect(await contactsMade()).toBe(CONTACTS_PER_PAGE));
      await imports.call('POST', `/${id}/pause`);
    });
    await eventually(async () => expect(await contactsLookedUp()).toBe(0));
    secondPage.letGo();
    await eventually(() => expect(requests.count('POST', '/contacts/search', 200)).toBeGreaterThan(1));
    await sleep(300);
    expect(await contactsMade()).toBe(CONTACTS_PER_PAGE);
    expect(await imports.site.contacts()).toEqual([]);
  });

  it('one whose contacts cannot all be linked is written one by one, though the next one is made already', async () => {
    const people = imports.site.seed(CONTACTS_PER_PAGE * 2);
    await refusing(people[7]!.id, async () => {
      const { id } = await imports.order();
      await imports.look();
      await eventually(async () =>
        expect(await contactsMade()).toBeGreaterThanOrEqual(CONTACTS_PER_PAGE * 2),
      );
      expect(await linksMade()).toBeLessThan(CONTACTS_PER_PAGE);
      expect(await imports.until(id, 'completed')).toMatchObject({
        counts: { created: CONTACTS_PER_PAGE * 2 - 1, failed: 1 },
      });
      expect(await imports.duplicates()).toBe(0);
    });
  });
});
