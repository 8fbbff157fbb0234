import { useDatabase } from '../harness/database.js';
import { ADMIN, type Caller, ContactsApi, type Json, STRANGER, type Answer } from './contacts-fixture.js';

const database = useDatabase();
const api = new ContactsApi();

beforeAll(() => api.start(database));
afterEach(() => database.query('truncate contacts, taggings, tags, labels restart identity'));
afterAll(() => api.stop());

const call = (method: string, path: string, body?: Json, caller?: Caller): Promise<Answer> =>
  api.call(method, path, body, caller);
const create = (contact: Json, caller?: Caller): Promise<Json & { id: number }> =>
  api.create(contact, caller);

describe('creating a contact', () => {
  it("answers it in Chatwoot's shape, normalised", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { status, body } = await call('POST', '', {
      name: 'Mara Quill',
      email: 'Mara.Quill@Example.test',
      phone_number: '+14155550142',
      identifier: 'customer-1',
      additional_attributes: { city: 'Oakland', country: 'United States' },
      custom_attributes: { tier: 'gold' },
    });
    expect(status).toBe(200);
    expect(body.payload).toEqual({
      contact: {
        id: expect.any(Number),
        name: 'Mara Quill',
        email: 'mara.quill@example.test',
        phone_number: '+14155550142',
        identifier: 'customer-1',
        blocked: false,
        thumbnail: '',
        availability_status: 'offline',
        additional_attributes: expect.objectContaining({ city: 'Oakland' }),
        custom_attributes: { tier: 'gold' },
        created_at: expect.any(Number),
        contact_inboxes: [],
      },
      contact_inbox: { inbox: null, source_id: null },
    });
    const { created_at } = (body.payload as { contact: { created_at: number } }).contact;
    expect(created_at).toBeGreaterThanOrEqual(before);
    expect(await database.query('select account_id, location, country_code from contacts')).toEqual([
      { account_id: 1, location: 'Oakland', country_code: 'United States' },
    ]);
  });

  it.each([
    ['an e-mail', { email: 'MARA@example.test' }, 'email'],
    ['a phone number', { phone_number: '+14155550142' }, 'phone_number'],
    ['an identifier', { identifier: 'customer-1' }, 'identifier'],
  ])('refuses %s that another contact of the account has', async (_, taken, attribute) => {
    await create({
      name: 'Mara',
      email: 'mara@example.test',
      phone_number: '+14155550142',
      identifier: 'customer-1',
    });
    const { status, body } = await call('POST', '', { name: 'Other', ...taken });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed', attributes: [attribute] });
    expect(body.message).toMatch(/has already been taken/);
  });

  it('lets two accounts have the same person', async () => {
    await create({ name: 'Mara', email: 'mara@example.test' });
    await create({ name: 'Mara', email: 'mara@example.test' }, STRANGER);
    expect(await database.query('select account_id from contacts order by account_id')).toEqual([
      { account_id: 1 },
      { account_id: 2 },
    ]);
  });

  it.each([
    [{ email: 'no address' }, 'email'],
    [{ phone_number: '0415 555' }, 'phone_number'],
    [{ name: 'x'.repeat(256) }, 'name'],
    [{ name: { first: 'Mara' } }, 'name'],
    [{ blocked: 'yes' }, 'blocked'],
    [{ custom_attributes: [] }, 'custom_attributes'],
  ])('refuses %p', async (contact, attribute) => {
    const { status, body } = await call('POST', '', contact);
    expect([status, body.attributes]).toEqual([422, [attribute]]);
    expect(await database.query('select id from contacts')).toEqual([]);
  });

  it.each([
    ['emoji and right-to-left text', 'محمد 👩‍👩‍👧 בדיקה', 'محمد 👩‍👩‍👧 בדיקה'],
    ['U+0000', 'Ma\u0000ra', 'Mara'],
    ['half a surrogate pair', 'Mara \ud83d', 'Mara \ufffd'],
  ])('keeps a name with %s', async (_, name, stored) => {
    expect(await create({ name, custom_attributes: { note: name } })).toMatchObject({
      name: stored,
      custom_attributes: { note: stored },
    });
  });

  it('takes a contact without e-mail and phone, and blank ones as none', async () => {
    expect(await create({ name: 'Nobody', email: '', phone_number: '', identifier: '' })).toMatchObject({
      email: null,
      phone_number: null,
      identifier: null,
    });
  });

  it('makes one contact of two requests that race', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call('POST', '', { name: 'Mara', email: 'race@example.test' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 422),
    ]);
  });
});

describe('changing a contact', () => {
  it.each(['PATCH', 'PUT'])('by %s keeps what is left out and merges attributes', async (method) => {
    const { id } = await create({
      name: 'Mara',
      email: 'mara@example.test',
      custom_attributes: { tier: 'gold', region: 'west' },
    });
    const { status, body } = await call(method, `/${id}`, {
      name: 'Maria',
      custom_attributes: { tier: 'silver' },
    });
    expect(status).toBe(200);
    expect(body.payload).toMatchObject({
      name: 'Maria',
      email: 'mara@example.test',
      custom_attributes: { tier: 'silver', region: 'west' },
    });
  });

  it("refuses another contact's e-mail, and takes its own", async () => {
    await create({ name: 'Mara', email: 'mara@example.test' });
    const { id } = await create({ name: 'Ivo', email: 'ivo@example.test' });
    expect((await call('PATCH', `/${id}`, { email: 'Mara@example.test' })).status).toBe(422);
    expect((await call('PATCH', `/${id}`, { email: 'Ivo@example.test' })).status).toBe(200);
  });

  it('clears what is sent blank', async () => {
    const { id } = await create({ name: 'Mara', email: 'mara@example.test', phone_number: '+14155550142' });
    const { body } = await call('PATCH', `/${id}`, { email: null, phone_number: '' });
    expect(body.payload).toMatchObject({ email: null, phone_number: null });
  });
});

describe('finding contacts', () => {
  it('lists those that can be reached, 15 a page', async () => {
    await create({ name: 'Unreachable' });
    for (let number = 10; number < 27; number += 1)
      await create({ name: `N${number}`, email: `n${number}@example.test` });
    const first = await call('GET', '?sort=name');
    expect(first.body.meta).toEqual({ count: 17, current_page: 1 });
    expect((first.body.payload as Json[]).map(({ name }) => name)).toEqual(
      Array.from({ length: 15 }, (_, index) => `N${index + 10}`),
    );
    const second = await call('GET', '?sort=-name&page=2');
    expect(second.body.meta).toEqual({ count: 17, current_page: '2' });
    expect((second.body.payload as Json[]).map(({ name }) => name)).toEqual(['N11', 'N10']);
    expect((await call('GET', '?page=9999999')).body.payload).toEqual([]);
  });

  it.each(['?page=0', '?page=-1', '?page=x', '?sort=nonsense', '?page=1&page=2'])(
    'refuses %s',
    async (query) => {
      expect((await call('GET', query)).body.code).toBe('validation_failed');
    },
  );

  it.each([
    ['a name', 'quill'],
    ['an e-mail', 'MARA@'],
    ['a phone number', '5550142'],
    ['an identifier', 'customer'],
    ['a company', 'sons'],
  ])('searches by %s', async (_, text) => {
    await create({
      name: 'Mara Quill',
      email: 'mara@example.test',
      phone_number: '+14155550142',
      identifier: 'customer-1',
      additional_attributes: { company_name: 'Quill & Sons' },
    });
    await create({ name: 'Other', email: 'other@example.test' });
    const { body } = await call('GET', `/search?q=${encodeURIComponent(text)}`);
    expect(body.payload).toMatchObject([{ name: 'Mara Quill' }]);
  });

  it('takes wildcards and weird characters as text', async () => {
    await create({ name: '100% _real_ \\ one', email: 'one@example.test' });
    await create({ name: 'Other', email: 'two@example.test' });
    for (const text of ['100%', '_real_', '\\', '\u0000100%'])
      expect((await call('GET', `/search?q=${encodeURIComponent(text)}`)).body.meta?.count).toBe(1);
    expect((await call('GET', '/search?q=%25%25')).body.meta?.count).toBe(0);
  });

  it('wants a text to search for', async () => {
    expect((await call('GET', '/search')).body.error).toBe('Specify search string with parameter q');
    expect((await call('GET', '/search?q=%20')).status).toBe(422);
  });

  it('shows the inboxes a contact wrote to', async () => {
    const { id } = await create({ name: 'Mara', email: 'mara@example.test' });
    await database.query(
      `insert into inboxes (id, channel_id, account_id, name, channel_type, created_at, updated_at)
       values (3, 4, 1, 'Website', 'Channel::WebWidget', now(), now())`,
    );
    await database.query(
      `insert into contact_inboxes (contact_id, inbox_id, source_id, created_at, updated_at)
       values ($1, 3, 'source-1', now(), now())`,
      [id],
    );
    expect((await call('GET', `/${id}`)).body.payload).toMatchObject({
      contact_inboxes: [
        {
          source_id: 'source-1',
          inbox: { id: 3, channel_id: 4, name: 'Website', channel_type: 'Channel::WebWidget' },
        },
      ],
    });
  });

  it("never shows another account's", async () => {
    const { id } = await create({ name: 'Mara', email: 'mara@example.test' });
    const other = STRANGER;
    expect((await call('GET', '', undefined, other)).body.payload).toEqual([]);
    expect((await call('GET', '/search?q=mara', undefined, other)).body.payload).toEqual([]);
    for (const [method, path, body] of [
      ['GET', `/${id}`],
      ['PATCH', `/${id}`, { name: 'Taken' }],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/labels`],
      ['POST', `/${id}/labels`, { labels: ['x'] }],
    ] as const)
      expect([method, (await call(method, path, body, other)).status]).toEqual([method, 404]);
    expect((await call('GET', `/${id}`)).body.payload).toMatchObject({ name: 'Mara' });
  });
});

describe('deleting a contact', () => {
  it('is for administrators, and for once', async () => {
    const { id } = await create({ name: 'Mara', email: 'mara@example.test' });
    expect((await call('DELETE', `/${id}`)).status).toBe(401);
    expect((await call('DELETE', `/${id}`, undefined, ADMIN)).status).toBe(200);
    expect((await call('DELETE', `/${id}`, undefined, ADMIN)).status).toBe(404);
    expect((await call('GET', `/${id}`)).status).toBe(404);
  });
});

describe('labels', () => {
  it('are replaced as a whole', async () => {
    const { id } = await create({ name: 'Mara', email: 'mara@example.test' });
    expect((await call('POST', `/${id}/labels`, { labels: ['VIP', 'newsletter'] })).body.payload).toEqual(
      expect.arrayContaining(['vip', 'newsletter']),
    );
    expect((await call('POST', `/${id}/labels`, { labels: ['vip'] })).body.payload).toEqual(['vip']);
    expect((await call('GET', `/${id}/labels`)).body.payload).toEqual(['vip']);
  });
});
