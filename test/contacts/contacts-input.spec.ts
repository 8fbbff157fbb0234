import { ContactStore, SearchIndex } from '#libs/contacts';
import { useDatabase } from '../harness/database.js';
import { untilBlocked } from '../harness/until-blocked.js';
import { ADMIN, ContactsApi, type Json, STRANGER } from './contacts-fixture.js';

const database = useDatabase();
const api = new ContactsApi();

beforeAll(() => api.start(database));
afterEach(() => database.query('truncate contacts, taggings, tags, labels restart identity'));
afterAll(() => api.stop());

describe('whoever calls', () => {
  it.each([
    ['nobody', { as: 'nobody@example.com' }, 'unauthenticated'],
    ['a member of another account', { ...STRANGER, account: 1 }, 'not_a_member'],
  ])('is refused as %s, whatever the route', async (_, caller, code) => {
    const { id } = await api.create({ name: 'Mara', email: 'mara@example.test' });
    for (const [method, path, body] of [
      ['GET', ''],
      ['GET', '/search?q=mara'],
      ['POST', '', { name: 'Ivo' }],
      ['GET', `/${id}`],
      ['PATCH', `/${id}`, { name: 'Ivo' }],
      ['PUT', `/${id}`, { name: 'Ivo' }],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/labels`],
      ['POST', `/${id}/labels`, { labels: ['vip'] }],
    ] as const) {
      const answer = await api.call(method, path, body, caller);
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      if (method === 'GET' && path === '') expect(answer.body.code).toBe(code);
    }
    expect(await database.query('select name from contacts')).toEqual([{ name: 'Mara' }]);
  });

  it('names an account that does not exist', async () => {
    const answer = await api.call('GET', '', undefined, { account: 4711 });
    expect([answer.status, answer.body.error]).toEqual([404, 'Resource could not be found']);
  });
});

describe('an id', () => {
  it.each(['0', '-1', 'abc', '1e0', '0x1', '1.0', '%00', '2147483647', '2147483648', '9'.repeat(40)])(
    '%s is of no contact',
    async (id) => {
      for (const [method, path, body] of [
        ['GET', `/${id}`],
        ['PATCH', `/${id}`, { name: 'Ivo' }],
        ['PUT', `/${id}`, { name: 'Ivo' }],
        ['DELETE', `/${id}`],
        ['GET', `/${id}/labels`],
        ['POST', `/${id}/labels`, { labels: ['vip'] }],
      ] as const) {
        const { status, body: answer } = await api.call(method, path, body, ADMIN);
        expect([method, path, status, answer.error]).toEqual([
          method,
          path,
          404,
          'Resource could not be found',
        ]);
      }
    },
  );
});

describe('a body', () => {
  it.each([
    ['that ends early', '{"name":', 400, 'malformed_json'],
    ['that is a list', '[]', 400, 'bad_request'],
    ['that would change a prototype', '{"custom_attributes":{"__proto__":{"a":1}}}', 400, 'malformed_json'],
    ['over the limit', JSON.stringify({ name: 'x'.repeat(2_000_000) }), 413, 'payload_too_large'],
  ])('%s is refused', async (_, body, status, code) => {
    const answer = await api.call('POST', '', body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await database.query('select id from contacts')).toEqual([]);
  });

  it.each<[string, Json, string]>([
    [
      'a name of 2,000 characters',
      { name: 'n'.repeat(2000) },
      'Name is too long (maximum is 255 characters)',
    ],
    ['256 emoji', { name: '🙂'.repeat(256) }, 'Name is too long (maximum is 255 characters)'],
    [
      'a long identifier',
      { identifier: 'i'.repeat(256) },
      'Identifier is too long (maximum is 255 characters)',
    ],
    [
      'a long e-mail',
      { email: `${'m'.repeat(250)}@example.test` },
      'Email is too long (maximum is 255 characters)',
    ],
    ['two @', { email: 'mara@quill@example.test' }, 'Email Invalid email'],
    ['a blank within an e-mail', { email: 'mara quill@example.test' }, 'Email Invalid email'],
    ['text before the number', { phone_number: 'abc+14155550142' }, 'Phone number should be in e164 format'],
    ['a line after the number', { phone_number: '+14155550142\n' }, 'Phone number should be in e164 format'],
    ['U+0000 in a number', { phone_number: '+1415555\u00000142' }, 'Phone number should be in e164 format'],
    ['a number as a number', { phone_number: 14155550142 }, 'Phone number should be in e164 format'],
  ])('with %s is refused in Rails’ words', async (_, body, message) => {
    const { id } = await api.create({ name: 'Mara', email: 'mara@example.test' });
    for (const [method, path] of [
      ['POST', ''],
      ['PATCH', `/${id}`],
    ] as const) {
      const answer = await api.call(method, path, body);
      expect([answer.status, answer.body.message, answer.body.attributes]).toEqual([
        422,
        message,
        Object.keys(body),
      ]);
    }
    expect(await database.query('select name, email from contacts')).toEqual([
      { name: 'Mara', email: 'mara@example.test' },
    ]);
  });

  it('names every attribute that is wrong', async () => {
    const { body } = await api.call('POST', '', { name: 7, phone_number: 'x', blocked: 'no' });
    expect(body.attributes).toEqual(['name', 'phone_number', 'blocked']);
    expect(body.error).toBe(body.message);
  });

  it.each<[string, Json, Json]>([
    ['a name of 255 emoji', { name: '🙂'.repeat(255) }, { name: '🙂'.repeat(255) }],
    ['U+0000 in an e-mail', { email: 'ma\u0000ra@example.test' }, { email: 'mara@example.test' }],
    ['an identifier of U+0000 alone', { identifier: '\u0000' }, { identifier: null }],
    ['null for everything', { name: null, email: null, custom_attributes: null }, { name: '', email: null }],
    ['unknown keys', { name: 'Mara', id: 4711, account_id: 2 }, { name: 'Mara' }],
    [
      'weird attribute keys',
      { custom_attributes: { 'a\u0000b': 'c\u0000d', '\ud800': 1, '': 2 } },
      { custom_attributes: { ab: 'cd', '\ufffd': 1, '': 2 } },
    ],
    [
      'a city that is longer than its column, and a country that is no text',
      { additional_attributes: { city: 'c'.repeat(5000), country: ['x'] } },
      { additional_attributes: { city: 'c'.repeat(5000), country: ['x'] } },
    ],
  ])('with %s is kept as far as it can be stored', async (_, body, stored) => {
    const { id } = await api.create(body);
    expect((await api.call('GET', `/${id}`)).body.payload).toMatchObject({ id, ...stored });
    expect(await database.query('select account_id from contacts')).toEqual([{ account_id: 1 }]);
  });
});

describe('a search text', () => {
  it.each(['', '%20%09', '%00', '%00%20'])('%p is none', async (q) => {
    await api.create({ name: 'Mara', email: 'mara@example.test' });
    const { status, body } = await api.call('GET', `/search?q=${q}`);
    expect([status, body.message]).toEqual([422, 'Specify search string with parameter q']);
  });

  it.each(['%FF%FE', '%ED%A0%80', encodeURIComponent('🙂'), encodeURIComponent(`') or 1=1 --`)])(
    '%s finds nobody, and nothing breaks',
    async (q) => {
      await api.create({ name: 'Mara', email: 'mara@example.test' });
      const { status, body } = await api.call('GET', `/search?q=${q}`);
      expect([status, body.meta?.count, body.payload]).toEqual([200, 0, []]);
    },
  );

  it.each([
    ['twice', '?q=a&q=b'],
    ['of 501 characters', `?q=${'a'.repeat(501)}`],
  ])('%s is refused', async (_, query) => {
    expect((await api.call('GET', `/search${query}`)).body.attributes).toEqual(['q']);
  });

  it('counts all pages and shows one', async () => {
    for (let number = 10; number < 27; number += 1)
      await api.create({ name: `N${number}`, email: `n${number}@example.test` });
    const { body } = await api.call('GET', '/search?q=example.test&sort=email&page=2');
    expect(body.meta).toEqual({ count: 17, current_page: '2' });
    expect(body.payload).toMatchObject([{ name: 'N25' }, { name: 'N26' }]);
  });
});

describe('a sort order', () => {
  it.each([
    ['name', ['ada', 'Bea', 'Cyd']],
    ['-name', ['Cyd', 'Bea', 'ada']],
    ['email', ['Cyd', 'ada', 'Bea']],
    ['phone_number', ['Bea', 'ada', 'Cyd']],
    ['company', ['Bea', 'Cyd', 'ada']],
    ['city', ['Cyd', 'ada', 'Bea']],
    ['country', ['ada', 'Cyd', 'Bea']],
    ['created_at', ['Bea', 'ada', 'Cyd']],
    ['-last_activity_at', ['ada', 'Cyd', 'Bea']],
  ])('%s puts contacts without a value last, the newest of them first', async (sort, names) => {
    await api.create({
      name: 'Bea',
      phone_number: '+14155550100',
      additional_attributes: { company_name: 'A' },
    });
    await api.create({
      name: 'ada',
      email: 'b@example.test',
      phone_number: '+14155550101',
      additional_attributes: { city: 'Bonn', country: 'Chad' },
    });
    await api.create({
      name: 'Cyd',
      email: 'a@example.test',
      additional_attributes: { company_name: 'B', city: 'Aachen' },
    });
    await database.query(
      `update contacts set last_activity_at = now() at time zone 'UTC' where name = 'ada'`,
    );
    const { body } = await api.call('GET', `?sort=${sort}`);
    expect((body.payload as Json[]).map(({ name }) => name)).toEqual(names);
  });
});

describe('labels', () => {
  it.each<[string, Json]>([
    ['none', {}],
    ['a text', { labels: 'vip' }],
    ['what is no text', { labels: [null] }],
    ['201 of them', { labels: Array.from({ length: 201 }, (_, index) => `l${index}`) }],
    ['a long one', { labels: ['x'.repeat(256)] }],
  ])('that are %s are refused', async (_, body) => {
    const { id } = await api.create({ name: 'Mara' });
    const answer = await api.call('POST', `/${id}/labels`, body);
    expect([answer.status, answer.body.attributes]).toEqual([422, ['labels']]);
  });

  it('become titles that Chatwoot takes; blank ones are dropped', async () => {
    const { id } = await api.create({ name: 'Mara' });
    const labels = ['VIP Kunde!', 'a\u0000b', '', ' ', '\u0000', 'vip-kunde'];
    expect((await api.call('POST', `/${id}/labels`, { labels })).body.payload).toEqual(['ab', 'vip-kunde']);
    expect((await api.call('POST', `/${id}/labels`, { labels: [] })).body.payload).toEqual([]);
  });
});

describe('two writers that block each other', () => {
  it('are both served', async () => {
    const { id } = await api.create({ name: 'Mara', email: 'mara@example.test' });
    const store = new ContactStore(new SearchIndex(database.source));
    let answered: ReturnType<ContactsApi['call']> | undefined;
    await database.source.transaction(async (manager) => {
      // A sync: first who has this e-mail, then the contact. The endpoint: first the contact.
      await store.holders(manager, 1, { email: 'maria@example.test' });
      answered = api.call('PATCH', `/${id}`, { name: 'Maria', email: 'maria@example.test' });
      await untilBlocked(database);
      await store.findForUpdate(manager, 1, id);
    });
    expect(await answered).toMatchObject({ status: 200, body: { payload: { email: 'maria@example.test' } } });
  });
});
