import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GlobalConfigService, loadConfig } from '#libs/config';
import { useDatabase } from '../../test/harness/database.js';
import { People, type Person, startApp } from './auth.fixture.js';

const TAG = '!ruby/hash:ActiveSupport::HashWithIndifferentAccess';
const database = useDatabase();

let app: NestFastifyApplication;
let globalConfig: GlobalConfigService;
let root: Person;
let admin: Person;

beforeAll(async () => {
  const people = new People(database.source);
  root = await people.person({ name: 'Root', type: 'SuperAdmin' });
  admin = await people.person({ name: 'Ada' });
  await people.join(await people.account('Acme'), admin.id, 1);
});

beforeEach(async () => {
  await database.source.query('delete from installation_configs');
  app = await startApp(
    loadConfig({ GHL_CLIENT_ID: 'env-id', GHL_CLIENT_SECRET: 'env-secret' }),
    database.source,
  );
  globalConfig = app.get(GlobalConfigService);
});

afterEach(() => app.close());

async function call(
  method: 'GET' | 'PUT',
  name = '',
  payload?: object,
  person = root,
): Promise<{ status: number; body: unknown }> {
  const answer = await app.inject({
    method,
    url: `/super_admin/installation_configs${name && `/${name}`}`,
    headers: { api_access_token: person.token },
    ...(payload && { payload }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

/** A row as another program has written it. */
async function store(name: string, serialized: unknown): Promise<void> {
  await database.source.query(
    `insert into installation_configs (name, serialized_value, locked, created_at, updated_at)
     values ($1, $2::jsonb, true, now(), now())
     on conflict (name) do update set serialized_value = excluded.serialized_value`,
    [name, JSON.stringify(serialized)],
  );
}

const yaml = (value: string): string => `--- ${TAG}\nvalue: ${value}\n`;

describe('a setting', () => {
  it('comes from the environment until there is a row', async () => {
    expect(await globalConfig.ghlCredentials()).toEqual({ clientId: 'env-id', clientSecret: 'env-secret' });
    expect(await globalConfig.get('GHL_SHARED_SECRET')).toBeUndefined();
  });

  it('comes from a row as Rails wrote it, before the environment', async () => {
    await store('GHL_CLIENT_ID', yaml('abc-123'));
    await store('GHL_CLIENT_SECRET', yaml("'12345'"));
    expect(await globalConfig.ghlCredentials()).toEqual({ clientId: 'abc-123', clientSecret: '12345' });
  });

  it.each<[string, unknown, string]>([
    ['an object', { value: 'plain' }, 'plain'],
    ['a bare number', yaml('4711'), '4711'],
  ])('is also read from %s', async (_, serialized, value) => {
    await store('GHL_CLIENT_ID', serialized);
    expect(await globalConfig.get('GHL_CLIENT_ID')).toBe(value);
  });

  it.each<[string, unknown]>([
    ['blank', yaml("''")],
    ['blanks only', yaml("'  '")],
    ['nil', yaml('')],
    ['empty', {}],
    ['a list', yaml('[a]')],
    ['unreadable', yaml('"abc')],
  ])('is taken from the environment when its row is %s', async (_, serialized) => {
    await store('GHL_CLIENT_ID', serialized);
    expect(await globalConfig.get('GHL_CLIENT_ID')).toBe('env-id');
  });

  it('that is missing on both sides is reported as such', async () => {
    const bare = await startApp(loadConfig({ GHL_CLIENT_ID: 'only-half' }), database.source);
    await expect(bare.get(GlobalConfigService).ghlCredentials()).rejects.toMatchObject({
      code: 'not_configured',
    });
    await bare.close();
  });

  it('is remembered for half a minute', async () => {
    await globalConfig.get('GHL_CLIENT_ID');
    await store('GHL_CLIENT_ID', yaml('later'));
    expect(await globalConfig.get('GHL_CLIENT_ID')).toBe('env-id');
    const { now } = Date;
    Date.now = () => now() + 30_001;
    try {
      expect(await globalConfig.get('GHL_CLIENT_ID')).toBe('later');
    } finally {
      Date.now = now;
    }
  });

  it('is read again after a read that failed', async () => {
    await database.source.query('alter table installation_configs rename to gone');
    await expect(globalConfig.get('GHL_CLIENT_ID')).rejects.toThrow();
    await database.source.query('alter table gone rename to installation_configs');
    expect(await globalConfig.get('GHL_CLIENT_ID')).toBe('env-id');
  });

  it('of webhooks falls back to the client secret', async () => {
    expect(await globalConfig.webhookSecret()).toBe('env-secret');
    await globalConfig.set('GHL_WEBHOOK_SECRET', 'own');
    expect(await globalConfig.webhookSecret()).toBe('own');
  });
});

describe('super admins', () => {
  it('see what is set and from where, and no secret', async () => {
    await store('GHL_CLIENT_SECRET', yaml('row-secret'));
    const { status, body } = await call('GET');
    expect([status, body]).toEqual([
      200,
      {
        payload: [
          { name: 'GHL_CLIENT_ID', secret: false, set: true, source: 'environment', value: 'env-id' },
          { name: 'GHL_CLIENT_SECRET', secret: true, set: true, source: 'database' },
          { name: 'GHL_SHARED_SECRET', secret: true, set: false, source: 'none' },
          { name: 'GHL_WEBHOOK_SECRET', secret: true, set: false, source: 'none' },
        ],
      },
    ]);
  });

  it('store a value, which is in effect at once and in Rails’ form', async () => {
    await call('GET');
    const { status, body } = await call('PUT', 'GHL_CLIENT_SECRET', { value: ' yes ' });
    expect([status, body]).toEqual([
      200,
      { name: 'GHL_CLIENT_SECRET', secret: true, set: true, source: 'database' },
    ]);
    expect(await globalConfig.get('GHL_CLIENT_SECRET')).toBe('yes');
    const rows: unknown = await database.source.query(
      `select name, jsonb_typeof(serialized_value) as type, serialized_value, locked from installation_configs`,
    );
    expect(rows).toEqual([
      {
        name: 'GHL_CLIENT_SECRET',
        type: 'string',
        serialized_value: `--- ${TAG}\nvalue: "yes"\n`,
        locked: false,
      },
    ]);
  });

  it('change a row and leave its lock alone', async () => {
    await store('GHL_CLIENT_ID', yaml('old'));
    await call('PUT', 'GHL_CLIENT_ID', { value: 'new' });
    expect((await call('GET', 'GHL_CLIENT_ID')).body).toMatchObject({ value: 'new', source: 'database' });
    const [row]: { locked: boolean }[] = await database.source.query(
      'select locked from installation_configs',
    );
    expect(row?.locked).toBe(true);
  });

  it('blank a value, and the environment applies again', async () => {
    await call('PUT', 'GHL_CLIENT_ID', { value: 'row' });
    expect((await call('PUT', 'GHL_CLIENT_ID', { value: '' })).body).toMatchObject({
      value: 'env-id',
      source: 'environment',
    });
  });

  it.each(['FRONTEND_URL', 'constructor', 'ghl_client_id', '%00', "x'"])(
    'find no setting %s',
    async (name) => {
      expect((await call('GET', name)).status).toBe(404);
      expect((await call('PUT', name, { value: 'x' })).status).toBe(404);
    },
  );

  it.each([
    {},
    { value: null },
    { value: 5 },
    { value: 'a\0b' },
    { value: 'two\nlines' },
    { value: 'x'.repeat(4_097) },
  ])('cannot store %j', async (payload) => {
    expect((await call('PUT', 'GHL_CLIENT_ID', payload)).status).toBe(422);
  });
});

it('administrators of an account are no super admins', async () => {
  for (const [method, name] of [
    ['GET', ''],
    ['GET', 'GHL_CLIENT_ID'],
    ['PUT', 'GHL_CLIENT_ID'],
  ] as const) {
    expect(await call(method, name, method === 'PUT' ? { value: 'x' } : undefined, admin)).toEqual({
      status: 401,
      body: { error: 'You are not authorized to do this action', code: 'not_authorized' },
    });
  }
});
