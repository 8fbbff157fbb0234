import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { AppClient, type Answer } from './app-client.js';

interface Operation {
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}
interface Area {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

/** HighLevel's own OpenAPI files, reduced to the operations in use (see the README beside it). */
const { areas } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/highlevel/openapi-extract.json'), 'utf8'),
) as { areas: Record<string, Area> };

/** Where production, and with it the simulator, differs from the files; each with the place that says so. */
const DEVIATIONS = {
  /** HL 5.5: new contacts answer an upsert with 201, the files know 200 only. */
  newByUpsert: '200',
  /** HL 1.6: a version that is missing or unknown, a scope that is missing, an unknown record. */
  undocumentedStatuses: ['403', '404', '429'],
} as const;

/** The files call it a string always; numbers, arrays and objects come (HL 5.8). */
const CUSTOM_FIELD_VALUE = /customFields\/\d+\/value must be string$/;

const operations = Object.entries(areas).flatMap(([area, { paths }]) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ area, name: `${method} ${path}` })),
  ),
);

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
for (const [area, { components }] of Object.entries(areas)) ajv.addSchema({ $id: area, components });

function validator(area: string, schema: object): ValidateFunction {
  return ajv.compile(
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components', `"${area}#/components`)) as object,
  );
}

let simulator: Simulator;
let client: AppClient;
let agency: AppClient;
let locationId: string;
let companyId: string;
let contactId: string;

beforeAll(async () => {
  simulator = await createSimulator();
  await simulator.listen();
  client = AppClient.installed(simulator);
  ({ id: locationId, companyId } = simulator.locations[0]!);
  agency = new AppClient(simulator);
  await agency.authorize({ install_as: 'company' });
  const { body } = await client.call('POST', '/contacts/', {
    locationId,
    firstName: 'Mara',
    email: 'mara@example.test',
    phone: '+14155550142',
    tags: ['vip'],
    companyName: 'Quill & Sons',
    address1: '12 Harbour Street',
    country: 'US',
    timezone: 'America/Los_Angeles',
    customFields: [{ id: simulator.world.customFields.values()[0]!.id, value: 'Blue' }],
  });
  contactId = body.contact.id;
});
afterAll(() => simulator.close());

/** One good request for each operation of the files. */
const GOOD: Record<string, () => Promise<Answer>> = {
  'post /contacts/search': () => client.call('POST', '/contacts/search', { locationId, pageLimit: 20 }),
  'get /contacts/search/duplicate': () =>
    client.call('GET', `/contacts/search/duplicate?locationId=${locationId}&email=mara@example.test`),
  'post /contacts/{contactId}/tags': () =>
    client.call('POST', `/contacts/${contactId}/tags`, { tags: ['new'] }),
  'delete /contacts/{contactId}/tags': () =>
    client.call('DELETE', `/contacts/${contactId}/tags`, { tags: ['new'] }),
  'get /contacts/{contactId}': () => client.call('GET', `/contacts/${contactId}`),
  'put /contacts/{contactId}': () => client.call('PUT', `/contacts/${contactId}`, { lastName: 'Quill' }),
  'delete /contacts/{contactId}': async () => {
    const { body } = await client.call('POST', '/contacts/', { locationId, email: 'gone@example.test' });
    return client.call('DELETE', `/contacts/${body.contact.id}`);
  },
  'post /contacts/upsert': () =>
    client.call('POST', '/contacts/upsert', { locationId, email: 'mara@example.test', city: 'Oakland' }),
  'post /contacts/': () => client.call('POST', '/contacts/', { locationId, email: 'new@example.test' }),
  'get /contacts/': () => client.call('GET', `/contacts/?locationId=${locationId}`),
  'get /locations/search': () => agency.call('GET', `/locations/search?companyId=${companyId}`),
  'get /locations/{locationId}': () => client.call('GET', `/locations/${locationId}`),
  'get /locations/{locationId}/tags': () => client.call('GET', `/locations/${locationId}/tags`),
  'get /locations/{locationId}/customFields': () =>
    client.call('GET', `/locations/${locationId}/customFields`),
  'get /locations/{locationId}/timezones': () => client.call('GET', `/locations/${locationId}/timezones`),
  'post /oauth/token': async () => {
    const code = (await client.decide({ decision: 'approve', location_id: locationId })).searchParams.get(
      'code',
    );
    return client.exchange(code ?? '');
  },
  'post /oauth/locationToken': () => agency.form('/oauth/locationToken', { companyId, locationId }),
  'get /oauth/installedLocations': () =>
    agency.call('GET', `/oauth/installedLocations?companyId=${companyId}&appId=${simulator.appId}`),
  'get /users/search': () =>
    agency.call('GET', `/users/search?companyId=${companyId}&locationId=${locationId}`),
  'get /users/{userId}': () => client.call('GET', `/users/${simulator.world.users.values()[0]!.id}`),
};

/** The errors ajv finds in an answer, by the schema the files have for its status. */
function errorsOf(area: string, name: string, { status, body }: Answer): unknown {
  const [method = '', path = ''] = name.split(' ');
  const responses = areas[area]!.paths[path]![method]!.responses;
  const isNewByUpsert = name === 'post /contacts/upsert' && status === 201;
  const documented = isNewByUpsert ? DEVIATIONS.newByUpsert : String(status);
  const response = responses[documented];
  if (!response) return `status ${status} is not in the files`;
  const schema = response.content?.['application/json']?.schema;
  if (!schema) return [];
  const validate = validator(area, schema);
  validate(body);
  return (validate.errors ?? [])
    .map(({ instancePath, message = '' }) => `${instancePath} ${message}`)
    .filter((error) => !CUSTOM_FIELD_VALUE.test(error));
}

describe("the simulator's answers", () => {
  it('cover every operation of the files', () => {
    expect(Object.keys(GOOD).sort()).toEqual(operations.map(({ name }) => name).sort());
  });

  it.each(operations)('to $name hold against the files', async ({ area, name }) => {
    const answer = await GOOD[name]!();
    expect([answer.status < 300, errorsOf(area, name, answer)]).toEqual([true, []]);
  });

  it.each(operations.filter(({ name }) => name !== 'post /oauth/token'))(
    'to $name without a token hold against the files',
    async ({ area, name }) => {
      const [method = '', path = ''] = name.split(' ');
      const stranger = new AppClient(simulator);
      stranger.accessToken = 'expired';
      const answer = await stranger.call(
        method.toUpperCase(),
        path.replaceAll(/\{\w+\}/g, 'unknown'),
        method === 'get' ? undefined : {},
      );
      expect([answer.status, errorsOf(area, name, answer)]).toEqual([401, []]);
    },
  );

  it.each([
    ['post /contacts/', { locationId: undefined, email: 'x@example.test' }, 422],
    ['post /contacts/', { email: 'no address' }, 422],
    ['post /contacts/', { email: 'mara@example.test' }, 400],
    ['put /contacts/{contactId}', { tags: 'vip' }, 422],
    ['post /contacts/{contactId}/tags', { tags: 'vip' }, 422],
    ['post /contacts/upsert', { dnd: 'yes' }, 422],
  ])('to a wrong %s %j hold against the files', async (name, changes, status) => {
    const [method = '', path = ''] = name.split(' ');
    const isAboutOne = path.includes('{');
    const body = isAboutOne ? changes : { locationId, ...changes };
    const answer = await client.call(method.toUpperCase(), path.replace('{contactId}', contactId), body);
    expect([answer.status, errorsOf('contacts', name, answer)]).toEqual([status, []]);
  });

  it('to a duplicate name the contact, which the files do not say (HL 5.9)', async () => {
    const { status, body } = await client.call('POST', '/contacts/', {
      locationId,
      email: 'MARA@example.test',
    });
    expect([status, body.meta]).toMatchObject([400, { contactId, matchingField: 'email' }]);
  });

  it.each([
    ['an unknown contact', () => client.call('GET', '/contacts/unknown0000000000000'), ['400', '404']],
    [
      'a missing version',
      () => {
        const old = AppClient.installed(simulator);
        old.version = undefined;
        return old.call('GET', `/contacts/${contactId}`);
      },
      ['400', '401', '422'],
    ],
    [
      'a missing scope',
      () => AppClient.installed(simulator, { scope: 'users.readonly' }).call('GET', `/contacts/${contactId}`),
      ['401'],
    ],
  ])('to %s have one of the statuses production is known for', async (_, call, statuses) => {
    expect([...statuses, ...DEVIATIONS.undocumentedStatuses]).toContain(String((await call()).status));
  });
});
