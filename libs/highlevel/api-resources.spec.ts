import { HighLevelApi } from './highlevel-api.js';
import { type Reply, ScriptedServer } from './scripted-server.fixture.js';

const server = new ScriptedServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

const noTokens = {
  current: () => Promise.resolve('token'),
  renew: () => Promise.reject(new Error('not here')),
};
const api = (): HighLevelApi =>
  new HighLevelApi({ baseUrl: server.baseUrl, locationId: 'Loc1', tokens: noTokens });

/** What came back, and the one request that was sent for it. */
async function played<T>(
  reply: Reply,
  call: (client: HighLevelApi) => Promise<T>,
): Promise<[T, string, unknown]> {
  server.replies(reply);
  const value = await call(api());
  const [request] = server.requests;
  expect(server.requests).toHaveLength(1);
  expect(request!.headers.version).toBe('2021-07-28');
  const body: unknown = request!.body === '' ? undefined : JSON.parse(request!.body);
  return [value, `${request!.method} ${request!.url}`, body];
}

describe('contacts', () => {
  it('are read by id, wrapped or not, and without the social security number', async () => {
    const contact = { id: 'Con1', email: 'mara@example.test', ssn: '078-05-1120' };
    const [wrapped, request] = await played({ json: { contact } }, ({ contacts }) => contacts.get('Con1'));
    const [bare] = await played({ json: contact }, ({ contacts }) => contacts.get('Con1'));
    expect(request).toBe('GET /contacts/Con1');
    expect(wrapped).toEqual({ id: 'Con1', email: 'mara@example.test' });
    expect(bare).toEqual(wrapped);
  });

  it.each([200, 201])('are upserted into the location, answered with %d', async (status) => {
    const reply = { status, json: { new: true, contact: { id: 'Con1' }, traceId: 't' } };
    const [answer, request, body] = await played(reply, ({ contacts }) =>
      contacts.upsert({ phone: '+14155550142' }),
    );
    expect(answer).toEqual({ contact: { id: 'Con1' }, created: true });
    expect(request).toBe('POST /contacts/upsert');
    expect(body).toEqual({ phone: '+14155550142', locationId: 'Loc1' });
  });

  it('that were there are told from new ones', async () => {
    const [answer] = await played({ json: { new: false, contact: { id: 'Con1' } } }, ({ contacts }) =>
      contacts.upsert({ email: 'mara@example.test' }),
    );
    expect(answer.created).toBe(false);
  });

  it('are updated without their location, which HighLevel refuses there', async () => {
    const reply = { json: { succeded: true, contact: { id: 'Con1', city: 'Oakland' } } };
    const [answer, request, body] = await played(reply, ({ contacts }) =>
      contacts.update('Con1', { city: 'Oakland', website: null }),
    );
    expect(answer).toEqual({ id: 'Con1', city: 'Oakland' });
    expect(request).toBe('PUT /contacts/Con1');
    expect(body).toEqual({ city: 'Oakland', website: null });
  });

  it.each([[{ json: { succeded: true } }], [{ json: { succeeded: true } }], [{ status: 204 }]])(
    'are removed: %j',
    async (reply) => {
      const [, request, body] = await played(reply, ({ contacts }) => contacts.remove('Con1'));
      expect(request).toBe('DELETE /contacts/Con1');
      expect(body).toBeUndefined();
    },
  );

  it.each(['succeded', 'succeeded'])(
    'are not taken for removed or updated when %s is false',
    async (spelling) => {
      const reply = { json: { [spelling]: false, contact: { id: 'Con1' } } };
      await expect(played(reply, ({ contacts }) => contacts.remove('Con1'))).rejects.toMatchObject({
        kind: 'unexpected',
      });
      await expect(played(reply, ({ contacts }) => contacts.update('Con1', {}))).rejects.toMatchObject({
        kind: 'unexpected',
      });
    },
  );

  it('get and lose tags by name, in the body of POST and of DELETE', async () => {
    const reply = { status: 201, json: { tags: ['vip', 'renewal-due'] } };
    const [added, addRequest, addBody] = await played(reply, ({ contacts }) =>
      contacts.addTags('Con1', ['vip']),
    );
    const [removed, removeRequest, removeBody] = await played({ json: { tags: [] } }, ({ contacts }) =>
      contacts.removeTags('Con1', ['vip', 'renewal-due']),
    );
    expect([added, addRequest, addBody]).toEqual([
      ['vip', 'renewal-due'],
      'POST /contacts/Con1/tags',
      { tags: ['vip'] },
    ]);
    expect([removed, removeRequest, removeBody]).toEqual([
      [],
      'DELETE /contacts/Con1/tags',
      { tags: ['vip', 'renewal-due'] },
    ]);
  });

  it('are searched page by page, with the spellings of search answers', async () => {
    const hit = { id: 'Con2', address: '12 Harbour Street', searchAfter: [1731920412020, 'Con2'] };
    const [page, request, body] = await played(
      { json: { contacts: [hit, { noId: true }], total: 41 } },
      ({ contacts }) => contacts.search({ pageLimit: 2, searchAfter: [1731920000000, 'Con1'] }),
    );
    expect(request).toBe('POST /contacts/search');
    expect(body).toEqual({ locationId: 'Loc1', pageLimit: 2, searchAfter: [1731920000000, 'Con1'] });
    expect(page).toEqual({
      contacts: [{ id: 'Con2', address1: '12 Harbour Street', searchAfter: [1731920412020, 'Con2'] }],
      total: 41,
    });
  });

  it('that exist already are told by their id and by what matches', async () => {
    const json = {
      statusCode: 400,
      message: 'This location does not allow duplicated contacts.',
      meta: { contactId: 'Con9', contactName: 'mara quill', matchingField: 'email' },
    };
    await expect(
      played({ status: 400, json }, ({ contacts }) => contacts.create({ email: 'mara@example.test' })),
    ).rejects.toMatchObject({
      kind: 'duplicate_contact',
      contactId: 'Con9',
      matchingField: 'email',
      transient: false,
    });
  });

  it('that are unknown are told as not found, though HighLevel answers 400', async () => {
    const json = { statusCode: 400, message: 'Contact with id Con1 not found' };
    await expect(played({ status: 400, json }, ({ contacts }) => contacts.get('Con1'))).rejects.toMatchObject(
      {
        kind: 'not_found',
        status: 400,
      },
    );
  });
});

describe('the location', () => {
  it('is read with its duplicate setting', async () => {
    const location = {
      id: 'Loc1',
      name: 'Oakland',
      country: 'US',
      settings: { allowDuplicateContact: true },
    };
    const [answer, request] = await played({ json: { location } }, ({ locations }) => locations.get());
    expect(request).toBe('GET /locations/Loc1');
    expect(answer).toEqual({ id: 'Loc1', name: 'Oakland', country: 'US', allowDuplicateContact: true });
  });

  it('tells its custom fields for contacts and its tags, leaving out what has no id', async () => {
    const customFields = [
      { id: 'F1', fieldKey: 'contact.colour', dataType: 'TEXT' },
      { name: 'broken' },
      'no',
    ];
    const [fields, request] = await played({ json: { customFields } }, ({ locations }) =>
      locations.customFields(),
    );
    expect(request).toBe('GET /locations/Loc1/customFields?model=contact');
    expect(fields).toEqual([{ id: 'F1', fieldKey: 'contact.colour', dataType: 'TEXT' }]);
    const [tags, tagRequest] = await played(
      { json: { tags: [{ id: 'T1', name: 'vip' }, { id: 'T2' }, 1] } },
      (client) => client.locations.tags(),
    );
    expect([tags, tagRequest]).toEqual([[{ id: 'T1', name: 'vip' }], 'GET /locations/Loc1/tags']);
  });

  it.each([{ json: {} }, { json: { location: { name: 'no id' } } }, { text: 'true' }])(
    'is not made up from %j',
    async (reply) => {
      for (const call of ['get', 'customFields', 'tags'] as const) {
        await expect(played<unknown>(reply, ({ locations }) => locations[call]())).rejects.toMatchObject({
          kind: 'unexpected',
        });
      }
    },
  );
});

describe('users', () => {
  it('are searched in company and location', async () => {
    const users = [
      {
        id: 'U1',
        email: 'ivo@example.test',
        roles: { type: 'account', role: 'admin', locationIds: ['Loc1'] },
      },
      null,
      {},
    ];
    const [page, request] = await played({ json: { users, count: 1 } }, (client) =>
      client.users.search({ companyId: 'Cmp1', query: 'ivo+x@example.test', ids: ['U1', 'U2'], limit: 100 }),
    );
    const url = new URL(request.split(' ')[1]!, 'http://x');
    expect(url.pathname).toBe('/users/search');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      companyId: 'Cmp1',
      locationId: 'Loc1',
      query: 'ivo+x@example.test',
      ids: 'U1,U2',
      limit: '100',
    });
    expect(page).toEqual({
      users: [{ id: 'U1', email: 'ivo@example.test', type: 'account', role: 'admin', locationIds: ['Loc1'] }],
      count: 1,
    });
  });

  it('are read by id, unwrapped as documented or wrapped', async () => {
    const [bare, request] = await played({ json: { id: 'U1', deleted: true } }, ({ users }) =>
      users.get('U1'),
    );
    const [wrapped] = await played({ json: { user: { id: 'U1', deleted: true } } }, ({ users }) =>
      users.get('U1'),
    );
    expect(request).toBe('GET /users/U1');
    expect(bare).toEqual({ id: 'U1', deleted: true });
    expect(wrapped).toEqual(bare);
  });
});
