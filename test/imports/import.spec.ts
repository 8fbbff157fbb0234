import { CONTACTS_PER_PAGE } from '#libs/imports';
import { eventually } from '../harness/eventually.js';
import { useImports } from './import-fixture.js';

const imports = useImports();
const { database } = imports;

/** By the clock (the token), by the number of contacts (the search index), or once at the end. */
const NOT_OF_A_PAGE = /access_token|gin_clean_pending_list|^analyze/;

const searches = (): number => imports.site.connections.simulator.requests.count('POST', '/contacts/search');
const emails = async (): Promise<(string | null)[]> =>
  (await imports.site.contacts()).map(({ email }) => email);

describe('an import', () => {
  it('brings every contact, however many pages they are', async () => {
    const count = CONTACTS_PER_PAGE * 2 + 7;
    imports.site.seed(count);
    expect(await imports.run()).toMatchObject({
      state: 'completed',
      reason: null,
      total: count,
      done: count,
      counts: { created: count, updated: 0, unchanged: 0, skipped: 0, failed: 0, conflicts: 0 },
      seconds_left: null,
    });
    expect(new Set(await emails()).size).toBe(count);
    expect(searches()).toBe(3);
    expect(await database.query('select from ghl.outbox')).toEqual([]);
  });

  it('of an empty location ends at once', async () => {
    expect(await imports.run()).toMatchObject({ total: 0, done: 0 });
  });

  it('brings what HighLevel knows of a contact', async () => {
    imports.site.seed(1, () => ({
      city: 'Oakland',
      phone: '+14155550142',
      tags: ['vip'],
      companyName: 'Quill & Sons',
    }));
    await imports.run();
    const [contact] = await database.query<object>(
      'select name, phone_number, additional_attributes as more from contacts',
    );
    expect(contact).toMatchObject({
      name: 'Person N0',
      phone_number: '+14155550142',
      more: { city: 'Oakland', company_name: 'Quill & Sons' },
    });
    expect(await database.query('select name from tags')).toEqual([{ name: 'vip' }]);
  });

  it('that is repeated changes nothing, and says so', async () => {
    imports.site.seed(CONTACTS_PER_PAGE + 3, () => ({ timezone: 'Europe/Oslo', tags: ['vip'] }));
    await imports.run();
    const before = await imports.site.contacts();
    expect(await imports.run()).toMatchObject({
      counts: { created: 0, updated: 0, unchanged: CONTACTS_PER_PAGE + 3 },
    });
    expect(await imports.site.contacts()).toEqual(before);
    expect(await database.query('select from ghl.outbox')).toEqual([]);
  });

  it('links people whom DeskFlow knows already', async () => {
    await database.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       values (1, 'Known', 'person.0@example.test', now(), now())`,
    );
    imports.site.seed(2);
    expect(await imports.run()).toMatchObject({ counts: { created: 1, updated: 1 } });
    expect(await emails()).toEqual(['person.0@example.test', 'person.1@example.test']);
    expect(await database.query('select from ghl.contact_links')).toHaveLength(2);
  });

  it('may be of one tag, or of what was changed since', async () => {
    const [, second, third] = imports.site.seed(3, (n) => ({ tags: n === 0 ? ['vip'] : [] }));
    expect(await imports.run({ selection: 'tag', tag: 'vip' })).toMatchObject({ total: 1, tag: 'vip' });
    expect(await emails()).toEqual(['person.0@example.test']);
    imports.site.edit(third!, { city: 'Bergen' });
    const since = imports.site.there().find(({ id }) => id === third!.id)!.dateUpdated;
    expect(await imports.run({ selection: 'since', since })).toMatchObject({ total: 1, since });
    expect(await emails()).toEqual(['person.0@example.test', third!.email]);
    expect(await emails()).not.toContain(second!.email);
  });

  it('that is a dry run tells what would happen, and leaves nothing behind', async () => {
    imports.site.seed(2);
    await imports.run();
    const before = await imports.site.contacts();
    imports.site.seed(CONTACTS_PER_PAGE);
    imports.site.edit(imports.site.there()[0]!, { firstName: 'Changed' });
    expect(await imports.run({ dry_run: true })).toMatchObject({
      dry_run: true,
      counts: { created: CONTACTS_PER_PAGE, updated: 1, unchanged: 1 },
    });
    expect(await imports.site.contacts()).toEqual(before);
    expect(await database.query('select from ghl.contact_links')).toHaveLength(2);
    expect(await database.query('select from ghl.outbox')).toEqual([]);
  });

  it('leaves out who was deleted in DeskFlow', async () => {
    imports.site.seed(2);
    await imports.run();
    await database.query(`update ghl.contact_links set local_deleted_at = now()`);
    await database.query('delete from contacts');
    expect(await imports.run()).toMatchObject({ counts: { created: 0, skipped: 2 } });
    expect(await imports.site.contacts()).toEqual([]);
  });

  it('goes on without the contact that cannot be stored, and names it', async () => {
    imports.site.seed(3);
    await database.query(
      `create function refuse() returns trigger language plpgsql as $$
       begin
         if new.email = 'person.1@example.test' then raise exception 'no' using errcode = '22001'; end if;
         return new;
       end $$;
       create trigger refuse before insert on contacts for each row execute function refuse()`,
    );
    try {
      const { id, counts } = await imports.run();
      expect(counts).toMatchObject({ created: 2, failed: 1 });
      expect((await imports.call('GET', `/${id}/failures`)).body).toMatchObject({
        payload: [
          { name: 'Person N1', reason: 'value_not_storable', ghl_contact_id: imports.site.there()[1]!.id },
        ],
        meta: { next_after: null },
      });
    } finally {
      await database.query('drop function refuse cascade');
    }
  });

  it('takes no more than ten statements a page of new contacts, within one transaction', async () => {
    const statementsFor = async (pages: number): Promise<number> => {
      await imports.reset();
      await database.query(`insert into tags (name) values ('imported')`); // a new one takes two more
      imports.site.seed(CONTACTS_PER_PAGE * pages, () => ({ tags: ['imported'] }));
      const statements = await imports.site.statementsDuring(() => imports.run());
      return statements.filter((text) => !NOT_OF_A_PAGE.test(text)).length;
    };
    const more = (await statementsFor(3)) - (await statementsFor(2));
    expect(more - ['START TRANSACTION', 'COMMIT'].length).toBeLessThanOrEqual(10);
  });

  it('leaves PostgreSQL knowing how many links there are, so that the events after it are looked up one by one', async () => {
    await database.query('truncate ghl.contact_links');
    imports.site.seed(20);
    await imports.run();
    await eventually(async () =>
      expect(
        await database.query(`select reltuples from pg_class where oid = 'ghl.contact_links'::regclass`),
      ).toEqual([{ reltuples: 20 }]),
    );
  });
});

describe('an import out', () => {
  /** People whom only DeskFlow knows. */
  async function locals(count: number): Promise<void> {
    await database.query(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       select 1, 'Local ' || n, 'local.' || n || '@example.test', now(), now() from generate_series(1, $1::int) n`,
      [count],
    );
    await database.query('truncate ghl.outbox'); // as if they had been there before the connection
  }
  const outbox = (): Promise<{ contact_id: number; operation: string }[]> =>
    database.query('select contact_id, operation from ghl.outbox order by id');

  it('hands everybody to the outbox whom the location does not have', async () => {
    imports.site.seed(2);
    await imports.run();
    await locals(700);
    await database.query(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'Nobody', now(), now())`,
    );
    await database.query('truncate ghl.outbox');
    expect(await imports.run({ direction: 'out' })).toMatchObject({
      direction: 'out',
      total: 700,
      done: 700,
      counts: { queued: 700, created: 0 },
    });
    const strangers = await database.query<{ id: number }>(
      `select id from contacts where name like 'Local%' order by id`,
    );
    expect(await outbox()).toEqual(strangers.map(({ id }) => ({ contact_id: id, operation: 'push' })));
  });

  it('and in brings first what HighLevel has, so that nobody is there twice', async () => {
    await locals(3);
    imports.site.seed(2, (n) => ({ email: `local.${n + 1}@example.test` }));
    expect(await imports.run({ direction: 'both' })).toMatchObject({
      total: 3,
      done: 3,
      counts: { created: 0, updated: 2, queued: 1 },
    });
    expect(await imports.site.contacts()).toHaveLength(3);
  });

  it('that is a dry run only counts', async () => {
    await locals(3);
    expect(await imports.run({ direction: 'out', dry_run: true })).toMatchObject({ counts: { queued: 3 } });
    expect(await outbox()).toEqual([]);
  });

  it('may be of a label, or of what was changed since', async () => {
    await locals(3);
    await database.query(
      `update contacts set updated_at = now() - interval '1 day' where email = 'local.2@example.test'`,
    );
    await database.query(`insert into tags (id, name) values (1, 'vip-kunde')`);
    await database.query(
      `insert into taggings (tag_id, taggable_type, taggable_id, context, created_at)
       select 1, 'Contact', id, 'labels', now() from contacts where email = 'local.1@example.test'`,
    );
    await database.query('truncate ghl.outbox');
    const since = new Date(Date.now() - 3_600_000).toISOString();
    expect(await imports.run({ direction: 'out', dry_run: true, selection: 'since', since })).toMatchObject({
      counts: { queued: 2 },
    });
    expect(await imports.run({ direction: 'out', selection: 'tag', tag: 'VIP Kunde' })).toMatchObject({
      counts: { queued: 1 },
    });
  });

  it('waits while the outbox is full, and goes on when it is not', async () => {
    await locals(1_700);
    const { id } = await imports.order({ direction: 'out' });
    await imports.look();
    await eventually(async () =>
      expect(await imports.show(id)).toMatchObject({
        done: 1_000,
        reason: 'waiting_for_pushes',
        total: 1_700,
      }),
    );
    await database.query(`update ghl.outbox set state = 'done', finished_at = now()`);
    await database.query('update ghl.imports set next_attempt_at = now()');
    await imports.look();
    await imports.until(id, 'completed');
    expect(await outbox()).toHaveLength(1_700);
  });

  it('brings them there', async () => {
    await locals(3);
    await imports.run({ direction: 'out' });
    await imports.push();
    expect(
      imports.site
        .there()
        .map(({ email }) => email)
        .sort(),
    ).toEqual([1, 2, 3].map((n) => `local.${n}@example.test`));
    expect(await imports.run({ direction: 'both' })).toMatchObject({ counts: { unchanged: 3, queued: 0 } });
  });
});
