import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { freePort } from '#apps/standalone/free-port.js';
import { AuthModule } from '#libs/auth';
import { loadConfig } from '#libs/config';
import { ContactsModule } from '#libs/contacts';
import { seedDemo } from '#libs/database';
import { IntegrationsModule } from '#libs/integrations';
import { OAuthModule } from '#libs/oauth';
import { QueueModule } from '#libs/queue';
import { WebhooksModule } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { startHttp } from '../harness/service.js';
import { signIn } from '../harness/sign-in.js';

const EN = 'Resource could not be found';
const PT = 'O recurso não foi encontrado';
const ACCOUNT = '/api/v1/accounts/1';
const NO_CONTACT = `${ACCOUNT}/contacts/999`;
/** Numbers of accounts.locale (DM 2). */
const [ENGLISH, FRENCH, PORTUGUESE, BRAZILIAN, NEWER] = [0, 4, 9, 16, 99];

const INSTALLATIONS = {
  en: { DEFAULT_LOCALE: 'en' },
  pt_BR: { DEFAULT_LOCALE: 'pt_BR' },
  neutral: { GHL_REDIRECT_PATH: '/crm/callback' },
};

const database = useDatabase();
/** One installation for each default, and one that is white-labelled. */
const services: Record<string, { app: NestFastifyApplication; url: string }> = {};
let admin: string;

beforeAll(async () => {
  await seedDemo(database.source, { adminEmail: 'admin@example.com', adminPassword: 'Password1!' });
  for (const [name, env] of Object.entries(INSTALLATIONS)) {
    const port = await freePort();
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      PORT: String(port),
      ...env,
    });
    const queue = QueueModule.register(config);
    const modules = [AuthModule, ContactsModule, IntegrationsModule, OAuthModule, queue, WebhooksModule];
    services[name] = { app: await startHttp(config, modules), url: `http://127.0.0.1:${port}` };
  }
  admin = (await signIn(services['en']!.url)).access_token;
});
afterEach(async () => {
  await database.query(`update users set ui_settings = '{}'`);
  await database.query('update accounts set locale = 0, status = 0');
});
afterAll(() => Promise.all(Object.values(services).map(({ app }) => app.close())));

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

interface Call extends RequestInit {
  /** Of whom; nobody where it is null. */
  readonly token?: string | null;
  /** The installation that is called. */
  readonly at?: string;
}

async function call(
  path: string,
  { token = admin, at = 'en', headers, ...init }: Call = {},
): Promise<Answer> {
  const response = await fetch(services[at]!.url + path, {
    ...init,
    headers: {
      ...(token !== null && { api_access_token: token }),
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
      ...(headers as Record<string, string>),
    },
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function userSpeaks(locale: unknown): Promise<void> {
  await database.query('update users set ui_settings = $1::jsonb', [JSON.stringify({ locale })]);
}

async function accountSpeaks(locale: number | null): Promise<void> {
  await database.query('update accounts set locale = $1', [locale]);
}

describe('the language of an answer', () => {
  it.each([
    ['the user’s', 'pt_BR', ENGLISH, 'en', PT],
    ['the user’s, whatever the account and the installation speak', 'en', BRAZILIAN, 'pt_BR', EN],
    ['the account’s where the user has chosen none', null, BRAZILIAN, 'en', PT],
    ['the account’s where the user’s choice is blank', '', BRAZILIAN, 'en', PT],
    ['the account’s, also against the installation’s', null, ENGLISH, 'pt_BR', EN],
    ['the installation’s where neither has one', null, null, 'pt_BR', PT],
    ['English where nobody has one', null, null, 'en', EN],
    ['Brazilian for a user who speaks Portuguese', 'pt', ENGLISH, 'en', PT],
    ['Brazilian for an account that speaks Portuguese', null, PORTUGUESE, 'en', PT],
    ['English for a user whose language is not spoken here', 'fr', BRAZILIAN, 'pt_BR', EN],
    ['English for an account whose language is not spoken here', null, FRENCH, 'pt_BR', EN],
    ['English for an account whose language is newer than this service', null, NEWER, 'pt_BR', EN],
    ['English for a user whose choice is no language', 17, BRAZILIAN, 'pt_BR', EN],
  ])('is %s', async (_, user, account, at, sentence) => {
    await userSpeaks(user);
    await accountSpeaks(account);
    expect(await call(NO_CONTACT, { at })).toEqual({
      status: 404,
      body: { error: sentence, code: 'not_found' },
    });
  });

  it.each(['null', '"pt_BR"', '[]', '{"locale": null}'])(
    'is the account’s where ui_settings is %s',
    async (settings) => {
      await accountSpeaks(BRAZILIAN);
      await database.query('update users set ui_settings = $1::jsonb', [settings]);
      expect((await call(NO_CONTACT)).body['error']).toBe(PT);
    },
  );

  it('is the same however the caller has signed in', async () => {
    await userSpeaks('pt_BR');
    const signedIn = await fetch(`${services['en']!.url}/auth/sign_in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'admin@example.com', password: 'Password1!' }),
    });
    const authorization = signedIn.headers.get('authorization') ?? '';
    expect((await call(NO_CONTACT, { token: null, headers: { authorization } })).body['error']).toBe(PT);
  });

  it('is not what the browser asks for', async () => {
    expect((await call(NO_CONTACT, { headers: { 'accept-language': 'pt-BR' } })).body['error']).toBe(EN);
  });

  it('costs no query: the caller and the account are one each, as before', async () => {
    const source = services['en']!.app.get(DataSource);
    const statements: string[] = [];
    const query = source.query.bind(source);
    source.query = (sql: string, ...rest: never[]) => {
      statements.push(sql);
      return query(sql, ...rest);
    };
    await accountSpeaks(BRAZILIAN);
    expect((await call(`${ACCOUNT}/integrations/apps/other`)).body['error']).toBe(PT);
    source.query = query;
    expect(statements).toEqual([
      expect.stringContaining('from access_tokens'),
      expect.stringContaining('from accounts'),
    ]);
  });
});

describe('where the account is not the caller’s to use', () => {
  it('it is still theirs when it is suspended', async () => {
    await accountSpeaks(BRAZILIAN);
    await database.query('update accounts set status = 1');
    expect((await call(NO_CONTACT)).body).toEqual({
      error: 'A conta está suspensa',
      code: 'account_suspended',
    });
  });

  it('its language is not told to strangers', async () => {
    await accountSpeaks(BRAZILIAN);
    const body = async (): Promise<unknown> => (await call('/api/v1/accounts/2/contacts')).body;
    expect(await body()).toEqual({
      error: 'You are not authorized to access this account',
      code: 'not_a_member',
    });
    await userSpeaks('pt_BR');
    expect(await body()).toEqual({ error: 'Você não tem acesso a esta conta', code: 'not_a_member' });
  });
});

describe('where nobody is known, the installation’s language is spoken:', () => {
  it.each<[string, string, Call, Answer]>([
    [
      'no credentials',
      NO_CONTACT,
      { token: null },
      {
        status: 401,
        body: {
          error: 'Entre ou cadastre-se para continuar.',
          code: 'unauthenticated',
          errors: ['Entre ou cadastre-se para continuar.'],
        },
      },
    ],
    [
      'a wrong token',
      NO_CONTACT,
      { token: 'wrong' },
      { status: 401, body: { error: 'Token de acesso inválido', code: 'invalid_access_token' } },
    ],
    [
      'a webhook that nobody signed',
      '/webhooks/ghl',
      { token: null, method: 'POST', body: '{}' },
      { status: 401, body: { error: 'Assinatura inválida', code: 'signature_rejected' } },
    ],
    [
      'a body that cannot be read',
      `${ACCOUNT}/contacts`,
      { method: 'POST', body: '{' },
      { status: 400, body: { error: 'O corpo da requisição não é um JSON válido', code: 'malformed_json' } },
    ],
    [
      'an address that cannot be read',
      '/%zz',
      { token: null },
      { status: 400, body: { error: 'Não foi possível entender a requisição', code: 'bad_request' } },
    ],
    ['an address that is not there', '/nowhere', {}, { status: 404, body: { error: PT, code: 'not_found' } }],
    [
      'headers that are too large',
      '/nowhere',
      { headers: { 'x-long': 'x'.repeat(20_000) } },
      {
        status: 431,
        body: { error: 'Os cabeçalhos da requisição são grandes demais', code: 'headers_too_large' },
      },
    ],
  ])('%s', async (_, path, request, answer) => {
    expect(await call(path, { ...request, at: 'pt_BR' })).toEqual(answer);
  });

  it('at the page where administrators sign in to read the documentation, too', async () => {
    const { docsSignInPage } = await import('#libs/http');
    expect(docsSignInPage('pt_BR')).toMatch(/<html lang="pt-BR">[^]*<button>Entrar<\/button>/);
    expect(docsSignInPage('en')).toMatch(/<html lang="en">[^]*<button>Sign in<\/button>/);
  });
});

describe('what is said in Portuguese', () => {
  beforeEach(() => userSpeaks('pt_BR'));

  it('are complaints about a body, whose attributes and code stay as they are', async () => {
    const sentence =
      'O campo e-mail deve ser um endereço de e-mail válido, ' +
      'O campo telefone deve estar no formato E.164, O campo bloqueado deve ser verdadeiro ou falso';
    const request = {
      method: 'POST',
      body: JSON.stringify({ email: 'nobody', phone_number: '12', blocked: 'yes' }),
    };
    expect(await call(`${ACCOUNT}/contacts`, request)).toEqual({
      status: 422,
      body: {
        error: sentence,
        code: 'validation_failed',
        message: sentence,
        attributes: ['email', 'phone_number', 'blocked'],
      },
    });
    await userSpeaks('en');
    expect((await call(`${ACCOUNT}/contacts`, request)).body).toMatchObject({
      error: 'Email Invalid email, Phone number should be in e164 format, Blocked must be a boolean value',
      code: 'validation_failed',
      attributes: ['email', 'phone_number', 'blocked'],
    });
  });

  it('are complaints that only the database can make', async () => {
    const create = (): Promise<Answer> =>
      call(`${ACCOUNT}/contacts`, { method: 'POST', body: JSON.stringify({ email: 'mara@example.test' }) });
    await create();
    expect((await create()).body).toMatchObject({
      error: 'O campo e-mail já está em uso',
      attributes: ['email'],
    });
  });

  it('is that the app is not configured', async () => {
    expect(await call(`${ACCOUNT}/ghl/authorization`, { method: 'POST' })).toEqual({
      status: 422,
      body: { success: false, error: 'Credenciais OAuth do GHL não configuradas', code: 'not_configured' },
    });
  });

  it('is the entry of the app registry', async () => {
    const one = await call(`${ACCOUNT}/integrations/apps/gohighlevel`);
    expect(one.body).toMatchObject({
      id: 'gohighlevel',
      name: 'GoHighLevel',
      short_description: 'Sincronização de contatos com o HighLevel, nos dois sentidos.',
      description:
        'Mantenha iguais os contatos de uma subconta do HighLevel e os desta conta, nos dois sentidos.',
    });
    expect((await call(`${ACCOUNT}/integrations/apps`)).body).toEqual({ payload: [one.body] });
  });

  it('is why a connection does not work', async () => {
    const [{ id }] = (await database.query<{ id: number }>(
      `insert into integrations_hooks (account_id, app_id, hook_type, reference_id, status, settings, created_at, updated_at)
       values (1, 'gohighlevel', 0, 'Loc0InventedSubacc01', 1, '{}', now(), now()) returning id`,
    )) as [{ id: number }];
    await database.query(
      `insert into ghl.connections (hook_id, account_id, state, reason)
       values ($1, 1, 'suspended', 'location_not_active')
       on conflict (hook_id) do update set state = excluded.state, reason = excluded.reason`,
      [id],
    );
    expect((await call(`${ACCOUNT}/integrations/ghl/status`)).body).toMatchObject({
      reason: 'location_not_active',
      last_error: 'A subconta do HighLevel não está ativa: ela ou sua agência está pausada ou não pagou',
    });
  });
});

describe('a white-labelled installation', () => {
  it.each([
    ['en', 'CRM OAuth credentials not configured'],
    ['pt_BR', 'Credenciais OAuth do CRM não configuradas'],
  ])('does not name the vendor to who speaks %s', async (locale, sentence) => {
    await userSpeaks(locale);
    const refused = await call(`${ACCOUNT}/ghl/authorization`, { method: 'POST', at: 'neutral' });
    expect(refused.body).toEqual({ success: false, error: sentence, code: 'not_configured' });
    const entry = await call(`${ACCOUNT}/integrations/apps/gohighlevel`, { at: 'neutral' });
    const { name, description, short_description } = entry.body;
    expect([name, description, short_description].join()).not.toMatch(/high ?level|ghl/i);
  });

  it('does so to nobody else either', async () => {
    await accountSpeaks(BRAZILIAN);
    const refused = await call(`${ACCOUNT}/ghl/authorization`, { method: 'POST', at: 'neutral' });
    expect(refused.body['error']).toBe('Credenciais OAuth do CRM não configuradas');
    await accountSpeaks(null);
    const inDefault = await call(`${ACCOUNT}/ghl/authorization`, { method: 'POST', at: 'neutral' });
    expect(inDefault.body['error']).toBe('CRM OAuth credentials not configured');
  });
});
