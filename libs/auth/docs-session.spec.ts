import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type LightMyRequestResponse } from 'fastify';
import { loadConfig } from '#libs/config';
import { useDatabase } from '../../test/harness/database.js';
import { PASSWORD, People, type Person, startApp } from './auth.fixture.js';

const database = useDatabase();

let app: NestFastifyApplication;
let people: People;
let admin: Person;
let agent: Person;
let acme: number;

beforeAll(async () => {
  people = new People(database.source);
  acme = await people.account('Acme');
  admin = await people.person({ name: 'Ada' });
  agent = await people.person({ name: 'Bob' });
  await people.join(acme, admin.id, 1);
  await people.join(acme, agent.id, 0);
});

afterEach(() => app.close());

const start = async (env: Record<string, string> = {}): Promise<void> => {
  app = await startApp(loadConfig({ SWAGGER_ACCESS: 'admin', ...env }), database.source);
};

const signIn = (email: string, password = PASSWORD): Promise<LightMyRequestResponse> =>
  app.inject({
    method: 'POST',
    url: '/docs/session',
    payload: new URLSearchParams({ email, password }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

describe('an administrator', () => {
  it('signs in at the form and reads the documentation with the cookie', async () => {
    await start();
    const answer = await signIn(admin.email);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/docs']);
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(
      /^deskflow_ghl_docs=eyJ[\w.-]+; Path=\/docs; HttpOnly; SameSite=Strict; Max-Age=3600$/,
    );

    const headers = { cookie: `other=1; ${cookie.split(';')[0]}` };
    const page = await app.inject({ url: '/docs', headers });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('swagger-ui');
    expect((await app.inject({ url: '/docs/swagger-ui-init.js', headers })).body).toContain('signIn');
    expect((await app.inject({ url: '/me', headers })).statusCode).toBe(401);
  });

  it('gets a cookie for HTTPS only where this service is reached by it', async () => {
    await start({ PUBLIC_URL: 'https://ghl.example.com' });
    expect(String((await signIn(admin.email)).headers['set-cookie'])).toMatch(/; Secure$/);
  });

  it('reads the document with any credential', async () => {
    await start();
    const { statusCode } = await app.inject({
      url: '/docs-json',
      headers: { api_access_token: admin.token },
    });
    expect(statusCode).toBe(200);
  });

  it('is also who runs the whole installation', async () => {
    await start();
    const root = await people.person({ name: 'Root', type: 'SuperAdmin' });
    expect((await signIn(root.email)).statusCode).toBe(303);
  });
});

describe('anybody else', () => {
  it('is told so on the form', async () => {
    await start();
    const answer = await signIn(agent.email);
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toContain('You are not authorized to do this action');
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(
      (await app.inject({ url: '/docs-json', headers: { api_access_token: agent.token } })).statusCode,
    ).toBe(401);
  });

  it('is an administrator of suspended accounts only', async () => {
    await start();
    const gone = await people.account('Gone', 1);
    const person = await people.person({ name: 'Eve' });
    await people.join(gone, person.id, 1);
    expect((await signIn(person.email)).statusCode).toBe(401);
  });

  it.each([
    ['no cookie of ours', 'deskflow_ghl_docs=x'],
    ['an empty one', 'deskflow_ghl_docs='],
    ['another', 'session=x'],
  ])('has %s', async (_, cookie) => {
    await start();
    expect((await app.inject({ url: '/docs-json', headers: { cookie } })).statusCode).toBe(401);
  });

  it('who guesses is slowed down on the form as everywhere', async () => {
    await start();
    for (let guess = 0; guess < 5; guess += 1) {
      const answer = await signIn(`guess${guess}@example.com`, 'wrong');
      expect(answer.statusCode).toBe(401);
      expect(answer.body).toContain('Invalid login credentials');
    }
    const answer = await signIn(admin.email);
    expect(answer.statusCode).toBe(429);
    expect(answer.headers).toHaveProperty('retry-after');
  });
});

it('there is no form where the documentation is open', async () => {
  await start({ SWAGGER_ACCESS: 'open' });
  expect((await signIn(admin.email)).statusCode).toBe(404);
});
