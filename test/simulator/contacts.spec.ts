import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { type Answer, AppClient } from './app-client.js';

describe('the contacts API of the simulator', () => {
  let simulator: Simulator;
  let client: AppClient;
  let locationId: string;

  beforeEach(async () => {
    simulator = await createSimulator();
    await simulator.listen();
    client = AppClient.installed(simulator);
    locationId = simulator.locations[0]!.id;
  });

  afterEach(() => simulator.close());

  const create = (fields: object): Promise<Answer> =>
    client.call('POST', '/contacts/', { locationId, ...fields });
  const createdId = async (fields: object): Promise<string> => (await create(fields)).body.contact.id;

  it('creates with 201, tags in lower case, the phone in E.164 of the location, and lower-case copies', async () => {
    const { status, body } = await create({
      name: 'Mara van Quill',
      email: 'Mara@Example.test',
      phone: '(415) 555-0142',
      tags: ['VIP', 'vip', ' News '],
      dateOfBirth: '04/02/1988',
      companyName: 'Quill & Sons',
    });
    expect(status).toBe(201);
    expect(body.contact).toMatchObject({
      id: expect.stringMatching(/^[A-Za-z0-9]{20}$/),
      firstName: 'Mara',
      lastName: 'van Quill',
      email: 'Mara@Example.test',
      emailLowerCase: 'mara@example.test',
      phone: '+14155550142',
      tags: ['vip', 'news'],
      dateOfBirth: '1988-04-02T00:00:00.000Z',
      birthMonth: 4,
      birthDay: 2,
      deleted: false,
    });
    expect(body.traceId).toEqual(expect.any(String));
  });

  it('takes the path with and without its trailing slash', async () => {
    expect((await client.call('POST', '/contacts', { locationId, email: 'slash@example.test' })).status).toBe(
      201,
    );
  });

  it('keeps emoji, right-to-left text, 2,000 characters and a phone that is none', async () => {
    const lastName = 'نور 👩‍🚀'.repeat(250);
    const id = await createdId({ firstName: '☀️', lastName, phone: 'call the front desk' });
    const { body } = await client.call('GET', `/contacts/${id}`);
    expect(body.contact).toMatchObject({ firstName: '☀️', lastName, phone: 'call the front desk' });
  });

  it('refuses a wrong body with 422 and a list of everything that is wrong', async () => {
    const { status, body } = await create({
      email: 'no-address',
      tags: 'x',
      dnd: 'yes',
      country: null,
      foo: 1,
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      statusCode: 422,
      error: 'Unprocessable Entity',
      message: [
        'email must be an email',
        'each value in tags must be a string',
        'dnd must be a boolean value',
        'country must be a string',
        'property foo should not exist',
      ],
    });
    const missing = await client.call('POST', '/contacts/', { email: 'a@example.test' });
    expect([missing.status, missing.body.message]).toEqual([422, ['locationId should not be empty']]);
    expect((await client.call('POST', '/contacts/')).status).toBe(422);
  });

  it('refuses locationId and companyName in an update, unless told to overlook unknown fields', async () => {
    const id = await createdId({ email: 'strict@example.test' });
    const strict = await client.call('PUT', `/contacts/${id}`, { locationId, companyName: 'X' });
    expect(strict.body.message).toEqual([
      'property locationId should not exist',
      'property companyName should not exist',
    ]);
    simulator.settings.change({ rejectUnknownFields: false });
    const lenient = await client.call('PUT', `/contacts/${id}`, { locationId, companyName: 'X', city: 'Y' });
    expect(lenient.status).toBe(200);
    expect(lenient.body.contact.city).toBe('Y');
    expect('companyName' in lenient.body.contact).toBe(false);
  });

  it('changes only what an update names, clears with null, and replaces all tags', async () => {
    const id = await createdId({
      firstName: 'A',
      lastName: 'B',
      email: 'ab@example.test',
      tags: ['one', 'two'],
    });
    const { status, body } = await client.call('PUT', `/contacts/${id}`, { lastName: null, tags: ['three'] });
    expect(status).toBe(200);
    expect(body.succeded).toBe(true);
    expect(body.contact).toMatchObject({
      firstName: 'A',
      email: 'ab@example.test',
      tags: ['three'],
      name: 'A',
    });
    expect('lastName' in body.contact).toBe(false);
  });

  it('merges custom fields by id or key, and removes them by an empty value', async () => {
    const [colour, points] = simulator.world.customFields
      .values()
      .filter((field) => field.locationId === locationId);
    const id = await createdId({
      email: 'fields@example.test',
      customFields: [
        { id: colour!.id, field_value: 'Blue' },
        { key: 'loyalty_points', field_value: 7 },
      ],
    });
    const changed = await client.call('PUT', `/contacts/${id}`, {
      customFields: [{ id: colour!.id, field_value: '' }],
    });
    expect(changed.body.contact.customFields).toEqual([{ id: points!.id, value: 7 }]);
    const wrong = await client.call('PUT', `/contacts/${id}`, {
      customFields: [{ key: 'nope', field_value: 1 }],
    });
    expect(wrong.body.message).toEqual(['customFields.0.id should not be empty']);
  });

  it('merges DND by channel and knows the three states', async () => {
    const id = await createdId({
      email: 'dnd@example.test',
      dndSettings: { SMS: { status: 'active', code: '1' } },
    });
    const { body } = await client.call('PUT', `/contacts/${id}`, {
      dndSettings: { Call: { status: 'permanent' } },
    });
    expect(body.contact.dndSettings).toEqual({
      SMS: { status: 'active', code: '1' },
      Call: { status: 'permanent' },
    });
    const wrong = await client.call('PUT', `/contacts/${id}`, {
      dndSettings: { SMS: { status: 'maybe' }, Pigeon: { status: 'active' } },
      inboundDndSettings: { all: { status: 'permanent' } },
    });
    expect(wrong.status).toBe(422);
    expect(wrong.body.message).toHaveLength(3);
  });

  it('adds tags with 201 and removes them with 200, and answers the whole list', async () => {
    const id = await createdId({ email: 'tags@example.test', tags: ['a'] });
    const added = await client.call('POST', `/contacts/${id}/tags`, { tags: ['B', 'a'] });
    expect([added.status, added.body.tags]).toEqual([201, ['a', 'b']]);
    const removed = await client.call('DELETE', `/contacts/${id}/tags`, { tags: ['A'] });
    expect([removed.status, removed.body.tags]).toEqual([200, ['b']]);
    expect((await client.call('POST', `/contacts/${id}/tags`, {})).status).toBe(422);
  });

  it('answers an unknown and a deleted id with 400', async () => {
    const id = await createdId({ email: 'gone@example.test' });
    expect((await client.call('DELETE', `/contacts/${id}`)).body.succeded).toBe(true);
    for (const method of ['GET', 'DELETE']) {
      const answer = await client.call(method, `/contacts/${id}`);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toBe(`Contact with id ${id} not found`);
    }
  });

  describe('duplicates', () => {
    it('refuses a second e-mail whatever its case, and names the contact that has it', async () => {
      const id = await createdId({ name: 'Mara Quill', email: 'mara@example.test' });
      const { status, body } = await create({ email: 'MARA@example.test' });
      expect(status).toBe(400);
      expect(body).toEqual({
        statusCode: 400,
        message: 'This location does not allow duplicated contacts.',
        meta: { contactId: id, contactName: 'mara quill', matchingField: 'email' },
        traceId: expect.any(String),
      });
    });

    it('refuses an update to the phone of another contact', async () => {
      await create({ phone: '+14155550177' });
      const id = await createdId({ email: 'second@example.test' });
      const { status, body } = await client.call('PUT', `/contacts/${id}`, { phone: '415-555-0177' });
      expect([status, body.meta.matchingField]).toEqual([400, 'phone']);
    });

    it('upserts by e-mail, then phone, with 201 for new ones', async () => {
      const first = await client.call('POST', '/contacts/upsert', { locationId, email: 'up@example.test' });
      expect([first.status, first.body.new]).toEqual([201, true]);
      const second = await client.call('POST', '/contacts/upsert', {
        locationId,
        email: 'UP@example.test',
        companyName: 'Now known',
      });
      expect([second.status, second.body.new]).toEqual([200, false]);
      expect(second.body.contact).toMatchObject({ id: first.body.contact.id, companyName: 'Now known' });
    });

    it('updates the contact with the e-mail and ignores a phone that is another one’s', async () => {
      await create({ phone: '+14155550178' });
      const id = await createdId({ email: 'by-mail@example.test' });
      const { body } = await client.call('POST', '/contacts/upsert', {
        locationId,
        email: 'by-mail@example.test',
        phone: '+14155550178',
        city: 'Oakland',
      });
      expect(body.contact).toMatchObject({ id, city: 'Oakland' });
      expect('phone' in body.contact).toBe(false);
    });

    it('are allowed where the location allows them', async () => {
      client = AppClient.installed(simulator, { location: 2 });
      locationId = simulator.locations[2]!.id;
      const first = await createdId({ email: 'twice@example.test' });
      expect((await create({ email: 'twice@example.test' })).status).toBe(201);
      const upserted = await client.call('POST', '/contacts/upsert', {
        locationId,
        email: 'twice@example.test',
      });
      expect(upserted.body.contact.id).toBe(first);
      const third = await client.call('POST', '/contacts/upsert', {
        locationId,
        email: 'twice@example.test',
        createNewIfDuplicateAllowed: true,
      });
      expect(third.body.new).toBe(true);
    });

    it('are found by e-mail or number', async () => {
      const id = await createdId({ email: 'find@example.test', phone: '+14155550179' });
      const find = async (query: string): Promise<unknown> =>
        (await client.call('GET', `/contacts/search/duplicate?locationId=${locationId}&${query}`)).body
          .contact;
      expect(await find('email=Find@example.test')).toMatchObject({ id });
      expect(await find('number=%2B14155550179')).toMatchObject({ id });
      expect(await find('number=%2B14155550170')).toBeNull();
    });
  });

  describe('the gateway', () => {
    it('asks for a version and takes any that has a date', async () => {
      const path = `/locations/${locationId}`;
      for (const version of ['2021-04-15', '2021-07-28', '2023-02-21']) {
        client.version = version;
        expect((await client.call('GET', path)).status).toBe(200);
      }
      client.version = undefined;
      const missing = await client.call('GET', path);
      expect([missing.status, missing.body.message]).toEqual([400, 'version header was not found']);
      client.version = 'v3';
      expect((await client.call('GET', path)).status).toBe(400);
    });

    it('tells a bad token from a missing scope, a wrong level and a foreign location', async () => {
      const narrow = AppClient.installed(simulator, { scope: 'contacts.readonly' });
      const id = simulator.contacts.list(locationId)[0]!.id;
      expect((await narrow.call('GET', `/contacts/${id}`)).status).toBe(200);
      const scope = await narrow.call('PUT', `/contacts/${id}`, {});
      expect([scope.status, scope.body.message]).toEqual([
        401,
        'The token is not authorized for this scope.',
      ]);
      const foreign = await client.call('GET', `/locations/${simulator.locations[1]!.id}`);
      expect([foreign.status, foreign.body.error]).toEqual([403, 'Forbidden']);
      const foreignContact = simulator.contacts.list(simulator.locations[1]!.id)[0]!.id;
      expect((await client.call('GET', `/contacts/${foreignContact}`)).status).toBe(403);
      expect((await client.call('GET', '/locations/search')).status).toBe(403);
      client.accessToken = 'nonsense';
      const bad = await client.call('GET', `/contacts/${id}`);
      expect([bad.status, bad.body.message]).toEqual([401, 'Invalid token: access token is invalid']);
    });

    it('answers an unknown path, broken JSON and a body that is too large in its own shape', async () => {
      const unknown = await client.call('GET', '/conversations/search');
      expect([unknown.status, unknown.body.statusCode]).toEqual([404, 404]);
      const broken = await fetch(`${simulator.url}/contacts/`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${client.accessToken}`,
          version: '2021-07-28',
          'content-type': 'application/json',
        },
        body: '{"locationId":',
      });
      expect([broken.status, await broken.json()]).toEqual([
        400,
        expect.objectContaining({ statusCode: 400, message: 'The body is not valid JSON' }),
      ]);
      const large = await create({ firstName: 'x'.repeat(1024 * 1024) });
      expect([large.status, large.body.statusCode]).toEqual([413, 413]);
    });

    it('counts the budget per location, says what is left, and answers 429 beyond', async () => {
      simulator.settings.change({
        rateLimit: { max: 3, intervalMs: 60_000, daily: 5, retryAfter: true },
      });
      const statuses: number[] = [];
      const left: (string | null)[] = [];
      for (let call = 0; call < 4; call += 1) {
        const answer = await client.call('GET', `/locations/${locationId}`);
        statuses.push(answer.status);
        left.push(answer.headers.get('x-ratelimit-remaining'));
        if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50);
        expect(answer.headers.get('x-ratelimit-limit-daily')).toBe('5');
        expect(answer.headers.get('x-ratelimit-interval-milliseconds')).toBe('60000');
        expect(answer.headers.get('x-ratelimit-max')).toBe('3');
      }
      expect(statuses).toEqual([200, 200, 200, 429]);
      expect(left).toEqual(['2', '1', '0', '0']);
      const other = AppClient.installed(simulator, { location: 1 });
      expect((await other.call('GET', `/locations/${simulator.locations[1]!.id}`)).status).toBe(200);
    });
  });
});
