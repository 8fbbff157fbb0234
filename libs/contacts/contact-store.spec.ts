import { useDatabase } from '../../test/harness/database.js';
import { statementsOf } from '../../test/harness/statements.js';
import { type Contact, Inbox } from '#libs/database';
import { type ContactChanges, contactColumns } from './contact-columns.js';
import { ContactLabels, type LabelChanges } from './contact-labels.js';
import { rowOf } from './contact-rows.js';
import { ContactStore } from './contact-store.js';
import { ContactTaken } from './contact-taken.js';
import { SearchIndex } from './search-index.js';

const ACCOUNT = 1;
const OTHER_ACCOUNT = 2;

describe(ContactStore.name, () => {
  const db = useDatabase();
  let store: ContactStore;
  const labels = new ContactLabels();

  beforeAll(() => {
    store = new ContactStore(new SearchIndex(db.source));
  });
  beforeAll(async () => {
    await db.source.query(
      `insert into accounts (id, name, created_at, updated_at) values (1, 'Acme', now(), now()), (2, 'Umbrella', now(), now())`,
    );
  });
  beforeEach(() =>
    db.source.query(
      'truncate contacts, taggings, tags, labels, contact_inboxes, inboxes, conversations, messages',
    ),
  );

  const insert = (draft: Parameters<ContactStore['insert']>[2], accountId = ACCOUNT): Promise<Contact> =>
    db.source.transaction((manager) => store.insert(manager, accountId, draft));

  it('stores a contact as Rails would', async () => {
    const before = Date.now();
    const { id } = await insert({
      name: 'Mara\u0000 🔥 مرحبا',
      email: ' Mara@Example.TEST ',
      phoneNumber: '+14155550142',
      identifier: '',
      additionalAttributes: { city: 'Oakland', country: 'United States', 'bad\u0000key': '\ud800' },
    });
    const stored = await store.find(db.source.manager, ACCOUNT, id);
    expect(stored).toMatchObject({
      name: 'Mara 🔥 مرحبا',
      email: 'mara@example.test',
      phoneNumber: '+14155550142',
      identifier: null,
      location: 'Oakland',
      countryCode: 'United States',
      contactType: 1,
      additionalAttributes: { city: 'Oakland', country: 'United States', badkey: '\ufffd' },
      customAttributes: {},
    });
    expect(Math.abs(stored!.createdAt.getTime() - before)).toBeLessThan(60_000); // UTC, not the machine's zone
  });

  it('returns from insert what is in the table', async () => {
    const inserted = await insert({
      name: 'Mara',
      email: 'mara@example.test',
      customAttributes: { tier: ['gold', 1] },
    });
    const stored = await store.find(db.source.manager, ACCOUNT, inserted.id);
    expect(stored).toEqual(inserted);
  });

  it('takes a contact of another account for unknown', async () => {
    const { id } = await insert({ name: 'Mara' });
    expect(await store.find(db.source.manager, OTHER_ACCOUNT, id)).toBeUndefined();
    expect(await db.source.transaction((manager) => store.remove(manager, OTHER_ACCOUNT, id))).toBe(false);
  });

  it('finds by e-mail whatever the case, also what others stored in upper case', async () => {
    const { id } = await insert({ email: 'mara@example.test' });
    await db.source.query(`update contacts set email = 'MARA@Example.test' where id = $1`, [id]);
    expect(await store.findByEmail(db.source.manager, ACCOUNT, 'Mara@example.TEST')).toMatchObject({ id });
    expect(await store.findByEmail(db.source.manager, OTHER_ACCOUNT, 'mara@example.test')).toBeUndefined();
  });

  it('refuses a taken e-mail or identifier without losing the transaction', async () => {
    await insert({ email: 'mara@example.test', identifier: 'm-1' });
    await db.source.transaction(async (manager) => {
      await expect(store.insert(manager, ACCOUNT, { email: 'MARA@example.test' })).rejects.toMatchObject({
        attribute: 'email',
      });
      await expect(store.insert(manager, ACCOUNT, { identifier: 'm-1' })).rejects.toMatchObject({
        attribute: 'identifier',
      });
      const other = await store.insert(manager, ACCOUNT, { email: 'ivo@example.test' });
      await expect(store.update(manager, other, { email: 'mara@example.test' })).rejects.toThrow(
        ContactTaken,
      );
      await expect(store.update(manager, other, { identifier: 'm-1' })).rejects.toMatchObject({
        attributes: ['identifier'],
      });
    });
    expect(await store.findByEmail(db.source.manager, ACCOUNT, 'ivo@example.test')).toBeDefined();
    await insert({ email: 'mara@example.test' }, OTHER_ACCOUNT);
  });

  it('writes nothing when nothing is different', async () => {
    const contact = await insert({
      name: 'Mara',
      email: 'mara@example.test',
      customAttributes: { a: 1, b: [2] },
    });
    await db.source.transaction(async (manager) => {
      const current = (await store.findForUpdate(manager, ACCOUNT, contact.id))!;
      const changes = { name: 'Mara', email: ' MARA@example.test', customAttributes: { b: [2], a: 1 } };
      expect(await store.update(manager, current, changes)).toBe(current);
    });
    expect((await store.find(db.source.manager, ACCOUNT, contact.id))?.updatedAt).toEqual(contact.updatedAt);
  });

  it('writes what is different, and the date of it', async () => {
    const contact = await insert({ name: 'Mara', additionalAttributes: { city: 'Oakland' } });
    await db.source.query(`update contacts set updated_at = '2020-01-01'`);
    await db.source.transaction(async (manager) => {
      const current = (await store.findForUpdate(manager, ACCOUNT, contact.id))!;
      await store.update(manager, current, {
        email: 'mara@example.test',
        additionalAttributes: { city: 'Berlin' },
      });
    });
    const stored = await store.find(db.source.manager, ACCOUNT, contact.id);
    expect(stored).toMatchObject({
      name: 'Mara',
      email: 'mara@example.test',
      location: 'Berlin',
      contactType: 1,
    });
    expect(stored!.updatedAt.getFullYear()).toBeGreaterThan(2020);
  });

  it('archives and restores', async () => {
    const contact = await insert({ customAttributes: { tier: 'gold' } });
    const at = new Date('2026-11-19T08:00:00.000Z');
    const archived = await db.source.transaction((manager) => store.archive(manager, contact, at));
    expect(archived.customAttributes).toEqual({
      tier: 'gold',
      ghl_deleted: true,
      ghl_deleted_at: at.toISOString(),
    });
    const restored = await db.source.transaction((manager) => store.restore(manager, archived));
    expect(restored.customAttributes).toEqual({ tier: 'gold' });
  });

  it('lets only one of two writers find an e-mail free', async () => {
    const write = (): Promise<boolean> =>
      db.source.transaction(async (manager) => {
        const { byEmail } = await store.holders(manager, ACCOUNT, {
          email: 'mara@example.test',
          phoneNumber: '+14155550142',
        });
        if (!byEmail)
          await store.insert(manager, ACCOUNT, { email: 'mara@example.test', phoneNumber: '+14155550142' });
        return byEmail === undefined;
      });
    const outcomes = await Promise.all(Array.from({ length: 8 }, write));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
  });

  it('deletes a contact with what belongs to it, and nothing of others', async () => {
    const [gone, stays] = [await insert({ name: 'gone' }), await insert({ name: 'stays' })];
    const inbox = db.source.manager.create(Inbox, {
      accountId: ACCOUNT,
      name: 'Website',
      channelId: 1,
      channelType: null,
    });
    await db.source.manager.save(inbox);
    for (const { id } of [gone, stays]) {
      await db.source.query(
        `insert into contact_inboxes (contact_id, inbox_id, source_id, created_at, updated_at) values ($1, $2, $3, now(), now())`,
        [id, inbox.id, `s${id}`],
      );
      const [{ id: conversationId }] = await db.source.query(
        `insert into conversations (account_id, inbox_id, contact_id, created_at, updated_at) values (1, $1, $2, now(), now()) returning id`,
        [inbox.id, id],
      );
      await db.source.query(
        `insert into messages (account_id, inbox_id, conversation_id, message_type, created_at, updated_at) values (1, $1, $2, 0, now(), now())`,
        [inbox.id, conversationId],
      );
      await db.source.transaction((manager) =>
        labels.change(manager, ACCOUNT, id, { add: ['vip'], remove: [] }),
      );
    }
    expect(await db.source.transaction((manager) => store.remove(manager, ACCOUNT, gone.id))).toBe(true);
    for (const table of ['contacts', 'contact_inboxes', 'conversations', 'messages', 'taggings']) {
      expect([table, await db.source.query(`select count(*) from ${table}`)]).toEqual([
        table,
        [{ count: 1 }],
      ]);
    }
    expect(await db.source.query('select taggings_count from tags')).toEqual([{ taggings_count: 1 }]);
  });

  describe('inserting many at once', () => {
    const insertFree = (...drafts: ContactChanges[]): Promise<ReadonlyMap<number, number>> => {
      const rows = drafts.map((draft) => rowOf(contactColumns(draft)));
      return db.source.transaction((manager) => store.insertFree(manager, ACCOUNT, rows));
    };

    it('leaves out whose e-mail, phone number or identifier somebody has', async () => {
      const { id } = await insert({ email: 'mara@example.test' });
      await db.source.query(`update contacts set email = 'MARA@Example.test' where id = $1`, [id]);
      await insert({ phoneNumber: '+14155550142' });
      await insert({ identifier: 'ghl1' });
      const inserted = await insertFree(
        { name: 'same e-mail', email: 'mara@example.test' },
        { name: 'free', email: 'new@example.test', phoneNumber: '+14155550143', identifier: 'ghl2' },
        { name: 'same phone', email: 'other@example.test', phoneNumber: '+14155550142' },
        { name: 'same identifier', identifier: 'ghl1' },
        { name: 'nothing to compare' },
      );
      const names = await db.source.query<{ id: number; name: string }[]>(
        `select id, name from contacts where name <> '' order by id`,
      );
      expect(names.map(({ name }) => name)).toEqual(['free', 'nothing to compare']);
      expect([...inserted]).toEqual([
        [1, names[0]?.id],
        [4, names[1]?.id],
      ]);
    });

    it('takes no notice of other accounts', async () => {
      await insert({ email: 'mara@example.test', phoneNumber: '+14155550142' }, OTHER_ACCOUNT);
      expect((await insertFree({ email: 'mara@example.test', phoneNumber: '+14155550142' })).size).toBe(1);
    });

    it('uses up no ids for whom it leaves out', async () => {
      const { id } = await insert({ email: 'mara@example.test' });
      await insertFree(...Array.from({ length: 20 }, () => ({ email: 'mara@example.test' })));
      expect((await insert({ name: 'next' })).id).toBe(id + 1);
    });

    it('looks at each by itself, also where PostgreSQL has never analyzed the table', async () => {
      await fill(50);
      const few = await blocksOfLooking();
      for (const more of [200, 500, 3_000]) {
        await fill(more);
        expect(await blocksOfLooking()).toBeLessThan(3 * few);
      }
    });

    async function fill(count: number): Promise<void> {
      await db.source.query(
        `insert into contacts (account_id, email, phone_number, created_at, updated_at)
         select $1, gen_random_uuid() || '@example.test', '+1415' || nextval('contacts_id_seq'), now(), now()
           from generate_series(1, $2::int)`,
        [ACCOUNT, count],
      );
    }

    /** Blocks of memory that PostgreSQL looks at to leave out 50 contacts. */
    async function blocksOfLooking(): Promise<number> {
      const known = await db.source.query<ContactChanges[]>(
        'select email, phone_number as "phoneNumber" from contacts order by id desc limit 50',
      );
      const statements = await statementsOf(db.source, () => insertFree(...known));
      const { text, parameters } = statements.find((one) => one.text.includes('insert into contacts'))!;
      const [{ 'QUERY PLAN': plans }] = await db.source.query<[{ 'QUERY PLAN': Explained }]>(
        `explain (analyze, buffers, format json) ${text}`,
        parameters,
      );
      return plans[0].Plan['Shared Hit Blocks'] + plans[0].Plan['Shared Read Blocks'];
    }
  });
});

type Explained = [{ readonly Plan: Readonly<Record<'Shared Hit Blocks' | 'Shared Read Blocks', number>> }];

describe(ContactLabels.name, () => {
  const db = useDatabase();
  let store: ContactStore;
  const labels = new ContactLabels();

  beforeAll(() => {
    store = new ContactStore(new SearchIndex(db.source));
  });

  const change = (contactId: number, add: string[], remove: string[] = []): Promise<void> =>
    db.source.transaction((manager) => labels.change(manager, ACCOUNT, contactId, { add, remove }));

  it('adds labels that an agent can choose, once each, and counts them', async () => {
    const { id } = await store.insert(db.source.manager, ACCOUNT, { name: 'Mara' });
    await change(id, ['VIP Kunde!', 'newsletter']);
    await change(id, ['vip-kunde']);
    expect(await labels.of(db.source.manager, id)).toEqual(['newsletter', 'vip-kunde']);
    expect(await db.source.query('select title, account_id from labels order by title')).toEqual([
      { title: 'newsletter', account_id: ACCOUNT },
      { title: 'vip-kunde', account_id: ACCOUNT },
    ]);
    expect(await db.source.query('select name, taggings_count from tags order by name')).toEqual([
      { name: 'newsletter', taggings_count: 1 },
      { name: 'vip-kunde', taggings_count: 1 },
    ]);
  });

  it('gives new contacts labels, known and unknown ones, once each', async () => {
    const { id } = await store.insert(db.source.manager, ACCOUNT, { name: 'Pia' });
    await change(id, ['known']);
    const ids = await db.source.transaction(async (manager) => {
      const made = [
        await store.insert(manager, ACCOUNT, { name: 'Ole' }),
        await store.insert(manager, ACCOUNT, { name: 'Uma' }),
      ].map((contact) => contact.id);
      const added = made.map((contactId): [number, LabelChanges] => [
        contactId,
        { add: ['known', 'unknown'], remove: [] },
      ]);
      await labels.changeAll(manager, ACCOUNT, new Map(added), { areNew: true });
      return made;
    });
    for (const made of ids) expect(await labels.of(db.source.manager, made)).toEqual(['known', 'unknown']);
    expect(await db.source.query(`select count(*) from taggings where taggable_id = any($1)`, [ids])).toEqual(
      [{ count: 4 }],
    );
    expect(
      await db.source.query(`select name, taggings_count from tags where name like '%known' order by name`),
    ).toEqual([
      { name: 'known', taggings_count: 3 },
      { name: 'unknown', taggings_count: 2 },
    ]);
  });

  it('removes what is named and keeps the others', async () => {
    const { id } = await store.insert(db.source.manager, ACCOUNT, { name: 'Ivo' });
    await change(id, ['one', 'two']);
    await change(id, ['three'], ['one', 'never-there']);
    expect(await labels.of(db.source.manager, id)).toEqual(['three', 'two']);
    expect(await db.source.query(`select taggings_count from tags where name = 'one'`)).toEqual([
      { taggings_count: 0 },
    ]);
  });

  it('sets the whole list', async () => {
    const { id } = await store.insert(db.source.manager, ACCOUNT, { name: 'Ada' });
    await change(id, ['one', 'two']);
    const set = await db.source.transaction((manager) =>
      labels.set(manager, ACCOUNT, id, ['two', 'Four!', 'two']),
    );
    expect(set).toEqual(['four', 'two']);
    expect(await labels.of(db.source.manager, id)).toEqual(['four', 'two']);
  });

  it('lets contacts get the same new labels at once', async () => {
    const contacts = await Promise.all(
      Array.from({ length: 6 }, () => store.insert(db.source.manager, ACCOUNT, { name: 'x' })),
    );
    await Promise.all(
      contacts.map(({ id }, index) => change(id, index % 2 ? ['red', 'blue'] : ['blue', 'red'])),
    );
    expect(
      await db.source.query(`select name, taggings_count from tags where name in ('red', 'blue') order by 1`),
    ).toEqual([
      { name: 'blue', taggings_count: 6 },
      { name: 'red', taggings_count: 6 },
    ]);
  });
});
