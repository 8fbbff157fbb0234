import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { type Answer, AppClient } from './app-client.js';

describe('the searches of the simulator', () => {
  let simulator: Simulator;
  let client: AppClient;
  let locationId: string;
  let time: number;

  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20);
    simulator = await createSimulator({ now: () => time });
    await simulator.listen();
    client = AppClient.installed(simulator);
    locationId = simulator.locations[0]!.id;
  });

  afterEach(() => simulator.close());

  const search = (body: object): Promise<Answer> =>
    client.call('POST', '/contacts/search', { locationId, pageLimit: 100, ...body });
  const add = (email: string): Promise<Answer> => client.call('POST', '/contacts/', { locationId, email });

  it('answers other names than get does', async () => {
    const { body } = await search({ filters: [{ field: 'address', operator: 'exists' }], pageLimit: 1 });
    const contact = body.contacts[0]!;
    expect(contact).toMatchObject({
      address: expect.any(String),
      firstNameLowerCase: expect.any(String),
      additionalEmails: [],
      searchAfter: [expect.any(Number), contact.id],
    });
    expect('address1' in contact).toBe(false);
  });

  it('walks through all contacts by searchAfter, in any order, each once', async () => {
    for (const sort of [
      [{ field: 'dateUpdated', direction: 'asc' }],
      [{ field: 'email', direction: 'desc' }],
      [
        { field: 'dnd', direction: 'asc' },
        { field: 'lastNameLowerCase', direction: 'desc' },
      ],
    ]) {
      const seen: string[] = [];
      let searchAfter: unknown;
      for (;;) {
        const { body } = await search({ pageLimit: 7, sort, searchAfter });
        expect(body.total).toBe(25);
        seen.push(...body.contacts.map(({ id }) => id));
        if (body.contacts.length < 7) break;
        searchAfter = body.contacts.at(-1)!.searchAfter;
      }
      expect(seen).toHaveLength(25);
      expect(new Set(seen).size).toBe(25);
    }
  });

  it('pages by number up to 10,000 contacts and no further', async () => {
    const second = await search({ pageLimit: 20, page: 2 });
    expect(second.body.contacts).toHaveLength(5);
    const beyond = await search({ pageLimit: 500, page: 21 });
    expect(beyond.status).toBe(422);
    expect(beyond.body.message).toEqual(['page * pageLimit must not exceed 10000: use searchAfter']);
  });

  it.each([
    [{ pageLimit: undefined }, 'pageLimit must be a number from 1 to 500'],
    [{ pageLimit: 501 }, 'pageLimit must be a number from 1 to 500'],
    [{ page: 0 }, 'page must be a positive number'],
    [{ page: 1, searchAfter: [1, 'x'] }, 'page and searchAfter cannot be used together'],
    [{ searchAfter: 'x' }, 'searchAfter must be an array'],
    [{ searchAfter: ['x'] }, 'searchAfter must be that of the last contact, with the same sort'],
    [{ query: 'x'.repeat(76) }, 'query must be a string of at most 75 characters'],
    [{ filters: 'x' }, 'filters must be an array'],
    [{ filters: [{ field: 'nope', operator: 'eq', value: 1 }] }, 'Invalid field name: nope'],
    [{ filters: [{ field: 'constructor', operator: 'eq', value: 1 }] }, 'Invalid field name: constructor'],
    [{ extra: 1 }, 'property extra should not exist'],
  ])('refuses %j', async (body, message) => {
    const answer = await search(body);
    expect([answer.status, answer.body.message]).toEqual([422, [message]]);
  });

  it('filters by what changed since, in ISO dates and epoch milliseconds', async () => {
    await add('late@example.test');
    for (const gte of ['2026-11-19T00:00:00.000Z', Date.UTC(2026, 10, 19)]) {
      const { body } = await search({
        filters: [{ field: 'dateUpdated', operator: 'range', value: { gte } }],
      });
      expect(body.contacts.map(({ email }) => email)).toEqual(['late@example.test']);
    }
  });

  it('joins groups, and compares without regard to case', async () => {
    await add('Group.One@example.test');
    await client.call('POST', '/contacts/', {
      locationId,
      firstName: 'Groupy',
      phone: '+14155550171',
      tags: ['G'],
    });
    const { body } = await search({
      filters: [
        {
          group: 'OR',
          filters: [
            { field: 'email', operator: 'contains', value: 'group.one' },
            {
              group: 'AND',
              filters: [
                { field: 'tags', operator: 'eq', value: 'G' },
                { field: 'phone', operator: 'exists' },
              ],
            },
          ],
        },
      ],
    });
    expect(body.total).toBe(2);
  });

  it('finds by what people type', async () => {
    await add('typed.by.hand@example.test');
    expect((await search({ query: 'TYPED.by' })).body.total).toBe(1);
  });

  it('lags behind changes when told to, while get does not', async () => {
    simulator.settings.change({ searchLagMs: 3_000 });
    const id = (await add('lag@example.test')).body.contact.id;
    const find = async (value: string): Promise<number> =>
      (await search({ filters: [{ field: 'email', operator: 'eq', value }] })).body.total;
    expect(await find('lag@example.test')).toBe(0);
    time += 3_000;
    expect(await find('lag@example.test')).toBe(1);
    await client.call('PUT', `/contacts/${id}`, { email: 'lag2@example.test' });
    expect((await client.call('GET', `/contacts/${id}`)).body.contact.email).toBe('lag2@example.test');
    expect([await find('lag@example.test'), await find('lag2@example.test')]).toEqual([1, 0]);
    time += 3_000;
    await client.call('DELETE', `/contacts/${id}`);
    expect(await find('lag2@example.test')).toBe(1);
    time += 3_000;
    expect(await find('lag2@example.test')).toBe(0);
  });

  it('pages the deprecated list by startAfter and startAfterId together', async () => {
    const seen: string[] = [];
    let next = '';
    do {
      const { body } = await client.call('GET', `/contacts/?locationId=${locationId}&limit=10${next}`);
      expect(body.count).toBe(25);
      seen.push(...body.contacts.map(({ id }) => id));
      next = body.meta.nextPage
        ? `&startAfter=${body.meta.startAfter}&startAfterId=${body.meta.startAfterId}`
        : '';
    } while (next);
    expect(new Set(seen).size).toBe(25);
    expect((await client.call('GET', `/contacts/?locationId=${locationId}&startAfterId=x`)).status).toBe(422);
    expect((await client.call('GET', `/contacts/?locationId=${locationId}&limit=101`)).status).toBe(422);
  });

  it('lists custom fields, tags and time zones of the location', async () => {
    const fields = await client.call('GET', `/locations/${locationId}/customFields?model=contact`);
    expect(fields.body.customFields).toEqual([
      expect.objectContaining({ fieldKey: 'contact.favourite_colour', model: 'contact' }),
      expect.anything(),
      expect.anything(),
    ]);
    const none = await client.call('GET', `/locations/${locationId}/customFields?model=opportunity`);
    expect(none.body.customFields).toEqual([]);
    const tags = await client.call('GET', `/locations/${locationId}/tags`);
    expect(tags.body.tags).toContainEqual(expect.objectContaining({ name: 'vip', locationId }));
    expect((await client.call('GET', `/locations/${locationId}/timezones`)).body.timezones).toContain('UTC');
  });

  it('finds users of the location by name, id and role, and others by id only', async () => {
    const { companyId } = simulator.locations[0]!;
    const found = await client.call('GET', `/users/search?companyId=${companyId}&query=uma`);
    expect(found.body).toMatchObject({ count: 1, users: [{ firstName: 'Uma', roles: { role: 'user' } }] });
    const admins = await client.call('GET', `/users/search?companyId=${companyId}&role=admin&type=account`);
    expect(admins.body.count).toBe(1);
    const elsewhere = simulator.world.users
      .values()
      .find(({ locationIds }) => !locationIds.includes(locationId))!;
    const byId = await client.call('GET', `/users/search?companyId=${companyId}&ids=${elsewhere.id}`);
    expect(byId.body.count).toBe(0);
    expect((await client.call('GET', `/users/${elsewhere.id}`)).body.id).toBe(elsewhere.id);
    expect((await client.call('GET', '/users/nobody')).status).toBe(400);
    expect((await client.call('GET', '/users/search')).status).toBe(422);
  });
});
