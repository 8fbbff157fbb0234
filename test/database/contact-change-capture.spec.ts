import { useDatabase } from '../harness/database.js';

const database = useDatabase();
let hookId: number;

beforeAll(() =>
  database.query(
    `insert into accounts (id, name, created_at, updated_at) values (1, 'A', now(), now()), (2, 'B', now(), now())`,
  ),
);
beforeEach(async () => {
  hookId = await hook();
});
afterEach(() =>
  database.query(
    'truncate contacts, taggings, integrations_hooks, ghl.outbox, ghl.connections, ghl.contact_links restart identity',
  ),
);

async function hook({ account = 1, location = 'loc1', status = 1, isDefault = false } = {}): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    `insert into integrations_hooks (account_id, app_id, reference_id, status, created_at, updated_at)
     values ($1, 'gohighlevel', $2, $3, now(), now()) returning id`,
    [account, location, status],
  );
  await database.query('insert into ghl.connections (hook_id, account_id, is_default) values ($1, $2, $3)', [
    row!.id,
    account,
    isDefault,
  ]);
  return row!.id;
}

async function contact(name = 'Mara', account = 1): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    `insert into contacts (account_id, name, created_at, updated_at) values ($1, $2, now(), now()) returning id`,
    [account, name],
  );
  return row!.id;
}

async function link(contactId: number, location = 'loc1', deleted: string | null = null): Promise<void> {
  await database.query(
    `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, remote_deleted_at)
     values (1, $1, $2, $3, $4)`,
    [location, contactId, `remote${contactId}`, deleted],
  );
}

/** Keys of `additional_attributes` that HighLevel has a field for. */
const MAPPED_ATTRIBUTES = [
  'company_name',
  'address',
  'city',
  'state',
  'postal_code',
  'country',
  'country_code',
  'website',
  'timezone',
  'source',
];

interface Captured {
  hook_id: number;
  contact_id: number;
  operation: string;
  ghl_contact_id: string | null;
}

/** What was captured since this was asked last. */
async function captured(): Promise<Captured[]> {
  const rows = await database.query<Captured>(
    'select hook_id, contact_id, operation, ghl_contact_id from ghl.outbox order by hook_id, id',
  );
  await database.query('truncate ghl.outbox');
  return rows;
}

async function linkedContact(): Promise<number> {
  const id = await contact();
  await link(id);
  await captured();
  return id;
}

const push = (contactId: number, hook_id = hookId): Captured => ({
  hook_id,
  contact_id: contactId,
  operation: 'push',
  ghl_contact_id: null,
});
const linkedPush = (contactId: number, hook_id = hookId): Captured => ({
  ...push(contactId, hook_id),
  ghl_contact_id: `remote${contactId}`,
});

describe('a contact that is written by whomever', () => {
  it('is captured when it is created', async () => {
    const id = await contact();
    expect(await captured()).toEqual([push(id)]);
  });

  it.each([
    `name = 'Maria'`,
    `email = 'mara@example.test'`,
    `phone_number = '+14155550142'`,
    ...MAPPED_ATTRIBUTES.map((key) => `additional_attributes = '{"${key}": "x"}'`),
    `custom_attributes = '{"tier": "gold"}'`,
    `custom_attributes = '[]'`,
  ])('is captured when it is changed by %s', async (change) => {
    const id = await linkedContact();
    await database.query(`update contacts set ${change}`);
    expect(await captured()).toEqual([linkedPush(id)]);
  });

  it.each([
    'last_activity_at = now()',
    'updated_at = now()',
    'blocked = true',
    `additional_attributes = '{"browser": "x"}'`,
    `custom_attributes = '{"ghl_dnd": true, "ghl_type": "lead"}'`,
    `ghl_contact_id = 'x'`,
    `name = name, email = email`,
  ])('is not captured by %s, which HighLevel has no field for', async (change) => {
    await linkedContact();
    await database.query(`update contacts set ${change}`);
    expect(await captured()).toEqual([]);
  });

  it('is captured once however often it is changed before it is sent', async () => {
    const id = await linkedContact();
    for (const name of ['A', 'B', 'C']) await database.query('update contacts set name = $1', [name]);
    expect(await captured()).toEqual([linkedPush(id)]);
  });

  it('is captured when it is deleted, if HighLevel knows it', async () => {
    const [known, unknown] = [await linkedContact(), await contact('Other')];
    await captured();
    await database.query('delete from contacts where id = any($1)', [[known, unknown]]);
    expect(await captured()).toEqual([{ ...linkedPush(known), operation: 'delete' }]);
  });

  it('is captured with its labels', async () => {
    const id = await linkedContact();
    await database.query(
      `insert into taggings (tag_id, taggable_type, taggable_id, context) values (1, 'Contact', $1, 'labels')`,
      [id],
    );
    expect(await captured()).toEqual([linkedPush(id)]);
    await database.query('delete from taggings');
    expect(await captured()).toEqual([linkedPush(id)]);
    await database.query(
      `insert into taggings (tag_id, taggable_type, taggable_id, context) values (1, 'Conversation', $1, 'labels')`,
      [id],
    );
    expect(await captured()).toEqual([]);
  });

  it('is captured with others of the same statement, each of them once', async () => {
    await hook({ account: 2 });
    const contacts = await database.query<{ id: number; account: number }>(
      `insert into contacts (account_id, name, created_at, updated_at)
       select 1 + n % 3, 'Many', now(), now() from generate_series(0, 5) n returning id, account_id as account`,
    );
    const those = contacts.filter(({ account }) => account < 3).map(({ id }) => id);
    const contactIds = async (): Promise<number[]> =>
      (await captured()).map(({ contact_id }) => contact_id).sort((one, other) => one - other);
    expect(await contactIds()).toEqual(those);
    await database.query(
      `insert into taggings (tag_id, taggable_type, taggable_id, context)
       select tag, type, id, 'labels' from contacts, unnest('{1,2}'::int[]) tag, unnest('{Contact,Conversation}'::text[]) type
        where (type = 'Contact') = (id % 2 = 0)`,
    );
    expect(await contactIds()).toEqual(those.filter((id) => id % 2 === 0));
  });

  it('is captured in the transaction of the change, or not at all', async () => {
    const runner = database.source.createQueryRunner();
    await runner.startTransaction();
    await runner.query(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'X', now(), now())`,
    );
    await runner.rollbackTransaction();
    await runner.release();
    expect(await captured()).toEqual([]);
  });
});

describe('a contact', () => {
  it('of an account that is not connected is not captured', async () => {
    await contact('Other', 2);
    expect(await captured()).toEqual([]);
  });

  it('is not captured for a disabled connection', async () => {
    await database.query('update integrations_hooks set status = 0');
    await contact();
    expect(await captured()).toEqual([]);
  });

  it('that a sync writes is captured for the other locations only', async () => {
    const other = await hook({ location: 'loc2' });
    const id = await contact();
    await link(id);
    await link(id, 'loc2');
    await captured();
    const runner = database.source.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select set_config('ghl.origin', $1, true)`, [String(hookId)]);
    await runner.query(`update contacts set name = 'From HighLevel'`);
    await runner.commitTransaction();
    await runner.release();
    expect(await captured()).toEqual([linkedPush(id, other)]);
    await database.query(`update contacts set name = 'From DeskFlow'`);
    expect(await captured()).toEqual([linkedPush(id), linkedPush(id, other)]);
  });

  it('that is new goes to the default of several locations, or nowhere', async () => {
    const chosen = await hook({ location: 'loc2', isDefault: true });
    const id = await contact();
    expect(await captured()).toEqual([push(id, chosen)]);
    await database.query('update ghl.connections set is_default = false');
    await contact();
    expect(await captured()).toEqual([]);
  });

  it('that is new stays at home when its only location is gone or another app is meant', async () => {
    await database.query(`update integrations_hooks set app_id = 'slack'`);
    await contact();
    await database.query(`update integrations_hooks set app_id = 'gohighlevel', reference_id = null`);
    await contact();
    expect(await captured()).toEqual([]);
  });

  it('that was archived before HighLevel knew it is not sent, one that HighLevel knows is', async () => {
    const unknown = await contact();
    await captured();
    const archive = `update contacts set name = name || '!', custom_attributes = '{"ghl_deleted": true}' where id = $1`;
    await database.query(archive, [unknown]);
    expect(await captured()).toEqual([]);
    const known = await linkedContact();
    await database.query(archive, [known]);
    expect(await captured()).toEqual([linkedPush(known)]);
  });

  it.each(['null', '[]', '"text"', '7', 'true', '{"ghl_deleted": {"a": 1}}', '{"ghl_deleted": null}'])(
    'can be written with %s where attributes belong',
    async (json) => {
      const id = await linkedContact();
      const write = 'update contacts set custom_attributes = $1, additional_attributes = $1, name = $2';
      await database.query(write, [json, 'A']);
      await database.query(write, [json, 'B']);
      await database.query('update contacts set custom_attributes = null, additional_attributes = null');
      expect(await captured()).toEqual([linkedPush(id)]);
    },
  );

  it('may be gone before its labels are', async () => {
    await database.query(
      `insert into taggings (tag_id, taggable_type, taggable_id, context)
       values (1, 'Contact', 999, 'labels'), (2, 'Contact', null, 'labels')`,
    );
    await database.query('delete from taggings');
    expect(await captured()).toEqual([]);
  });

  it('that HighLevel deleted is not sent back', async () => {
    const id = await contact();
    await link(id, 'loc1', '2026-11-18');
    await captured();
    await database.query(`update contacts set name = 'Maria'`);
    expect(await captured()).toEqual([]);
  });

  it('survives whatever somebody sets as the origin', async () => {
    const runner = database.source.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select set_config('ghl.origin', 'no number; drop table contacts', true)`);
    await runner.query(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'X', now(), now())`,
    );
    await runner.commitTransaction();
    await runner.release();
    expect(await captured()).toHaveLength(1);
  });

  it('can be written by a role that knows nothing of schema ghl', async () => {
    await database.query(
      `do $$ begin
         if not exists (select from pg_roles where rolname = 'rails_of_this_test') then create role rails_of_this_test; end if;
       end $$;
       grant all on contacts to rails_of_this_test; grant usage on all sequences in schema public to rails_of_this_test`,
    );
    const runner = database.source.createQueryRunner();
    await runner.startTransaction();
    await runner.query('set local role rails_of_this_test');
    await runner.query(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'X', now(), now())`,
    );
    await expect(runner.query('select from ghl.outbox')).rejects.toThrow('permission denied');
    await runner.rollbackTransaction();
    await runner.startTransaction();
    await runner.query('set local role rails_of_this_test');
    await runner.query(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'X', now(), now())`,
    );
    await runner.commitTransaction();
    await runner.release();
    expect(await captured()).toHaveLength(1);
  });

  it('that changes while its row is about to be claimed is sent as it is after the change', async () => {
    const id = await linkedContact();
    await database.query(`update contacts set name = 'First'`);
    const writer = database.source.createQueryRunner();
    await writer.startTransaction();
    await writer.query(`update contacts set name = 'Second'`);
    // A claim now must not take the row: it would send 'First' and end it.
    const claimable = await database.query(
      `select id from ghl.outbox where state = 'pending' for update skip locked`,
    );
    expect(claimable).toEqual([]);
    await writer.commitTransaction();
    await writer.release();
    expect(await captured()).toEqual([linkedPush(id)]);
  });

  it('that changes after its row was claimed gets another row', async () => {
    const id = await linkedContact();
    await database.query(`update contacts set name = 'First'`);
    await database.query(
      `update ghl.outbox set state = 'processing', lease_until = now() + interval '1 min'`,
    );
    await database.query(`update contacts set name = 'Second'`);
    expect(await database.query('select state from ghl.outbox order by id')).toEqual([
      { state: 'processing' },
      { state: 'pending' },
    ]);
    expect(await captured()).toEqual([linkedPush(id), linkedPush(id)]);
  });

  it('that many change at once is never lost, and nobody is blocked for good', async () => {
    const other = await hook({ location: 'loc2' });
    const ids = [await contact('A'), await contact('B')];
    for (const id of ids) for (const location of ['loc1', 'loc2']) await link(id, location);
    await captured();
    // Each touches both contacts in one statement, so that they meet the same rows.
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => database.query(`update contacts set name = 'N${n}' || id`)),
    );
    expect(await captured()).toEqual([
      ...ids.map((id) => linkedPush(id)),
      ...ids.map((id) => linkedPush(id, other)),
    ]);
  });
});
