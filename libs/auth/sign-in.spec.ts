import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '#libs/config';
import { useDatabase } from '../../test/harness/database.js';
import { PASSWORD, People, type Person, startApp } from './auth.fixture.js';

const database = useDatabase();

let app: NestFastifyApplication;
let people: People;
let ada: Person;
let acme: number;
let globex: number;

beforeAll(async () => {
  people = new People(database.source);
  app = await startApp(loadConfig({ TRUST_PROXY: 'on' }), database.source);
  acme = await people.account('Acme');
  globex = await people.account('Globex', 1);
  ada = await people.person({ name: 'Ada' });
  await people.join(acme, ada.id, 0);
  await people.join(globex, ada.id, 1, new Date());
  await people.person({ name: 'Unconfirmed', confirmed: false });
  await people.person({ name: 'Otp', otp: true });
  await people.person({ name: 'Saml', password: '' });
});

afterAll(() => app.close());

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: {
    data?: Record<string, unknown>;
    code?: string;
    error?: string;
    errors?: string[];
    attributes?: string[];
  };
}

let addresses = 0;
/** An address nobody has failed from yet. */
const freshAddress = (): string => `10.0.${(addresses += 1)}.1`;

async function signIn(payload: object, address = freshAddress()): Promise<Answer> {
  const answer = await app.inject({
    method: 'POST',
    url: '/auth/sign_in',
    payload,
    headers: { 'x-forwarded-for': address },
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

describe('signing in', () => {
  it('answers as Chatwoot does, with a session token beside the personal one', async () => {
    const { status, body, headers } = await signIn({ email: ada.email, password: PASSWORD });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      id: ada.id,
      uid: ada.email,
      provider: 'email',
      email: ada.email,
      name: 'Ada',
      display_name: null,
      type: null,
      pubsub_token: 'pubsub-Ada',
      access_token: ada.token,
      session_token: expect.stringMatching(/^eyJ/),
      account_id: globex,
      role: 'administrator',
      accounts: [
        { id: globex, name: 'Globex', status: 'suspended', role: 'administrator' },
        { id: acme, name: 'Acme', status: 'active', role: 'agent' },
      ],
    });
    expect(headers).toMatchObject({
      authorization: `Bearer ${String(body.data?.['session_token'])}`,
      'cache-control': 'no-store',
    });
    const me = await app.inject({ url: '/me', headers: { authorization: String(headers['authorization']) } });
    expect(me.json()).toMatchObject({ id: ada.id });
  });

  it('does not mind the case of the address, nor blanks around it', async () => {
    expect((await signIn({ email: '  ADA@Example.com ', password: PASSWORD })).status).toBe(200);
  });

  it('works for who belongs to no account', async () => {
    const person = await people.person({ name: 'Lone', type: 'SuperAdmin' });
    const { body } = await signIn({ email: person.email, password: PASSWORD });
    expect(body.data).toMatchObject({ account_id: null, role: null, accounts: [], type: 'SuperAdmin' });
  });

  it.each<[string, object]>([
    ['a wrong password', { email: 'ada@example.com', password: 'Password2!' }],
    ['the password in another case', { email: 'ada@example.com', password: 'password1!' }],
    ['an unknown address', { email: 'nobody@example.com', password: PASSWORD }],
    ['an address that was never confirmed', { email: 'unconfirmed@example.com', password: PASSWORD }],
    ['a user without a password', { email: 'saml@example.com', password: 'x' }],
    ['an address with NUL', { email: 'ada@example.com\0', password: PASSWORD }],
  ])('is refused with %s, always in the same words', async (_, payload) => {
    const error = 'Invalid login credentials. Please try again.';
    expect(await signIn(payload)).toMatchObject({
      status: 401,
      body: { error, errors: [error], code: 'invalid_credentials' },
    });
  });

  it('is refused to who has a one-time password, once the password is right', async () => {
    expect(await signIn({ email: 'otp@example.com', password: PASSWORD })).toMatchObject({
      status: 401,
      body: { code: 'otp_required' },
    });
    expect((await signIn({ email: 'otp@example.com', password: 'wrong' })).body.code).toBe(
      'invalid_credentials',
    );
  });

  it.each<[object, string[]]>([
    [{}, ['email', 'password']],
    [{ email: 'a@b.c' }, ['password']],
    [{ email: ['a@b.c'], password: { $ne: '' } }, ['email', 'password']],
    [{ email: 'a'.repeat(256), password: 'x'.repeat(129) }, ['email', 'password']],
  ])('needs an address and a password: %j', async (payload, attributes) => {
    expect(await signIn(payload)).toMatchObject({
      status: 422,
      body: { code: 'validation_failed', attributes },
    });
  });

  it('takes as long for an unknown address as for a wrong password', async () => {
    const slow = await people.person({ name: 'Slow' });
    // Devise's cost, which the hash for unknown addresses has, too.
    const { hash } = await import('bcryptjs');
    await database.source.query('update users set encrypted_password = $2 where id = $1', [
      slow.id,
      await hash('x', 11),
    ]);
    const time = async (email: string): Promise<number> => {
      const start = performance.now();
      await signIn({ email, password: 'wrong' });
      return performance.now() - start;
    };
    // The best of three: what else runs on the machine only ever adds.
    let [known, unknown] = [Infinity, Infinity];
    for (let round = 0; round < 3; round += 1) {
      known = Math.min(known, await time(slow.email));
      unknown = Math.min(unknown, await time('nobody-else@example.com'));
    }
    expect(unknown / known).toBeGreaterThan(0.4);
    expect(unknown / known).toBeLessThan(2.5);
  });
});

describe('guessing', () => {
  const wrong = (email: string): object => ({ email, password: 'wrong' });

  it('from one address ends after five failures, whoever is guessed', async () => {
    const address = freshAddress();
    for (let guess = 0; guess < 5; guess += 1)
      expect((await signIn(wrong(`g${guess}@example.com`), address)).status).toBe(401);
    const refused = await signIn({ email: ada.email, password: PASSWORD }, address);
    expect(refused).toMatchObject({ status: 429, body: { error: 'Retry later', code: 'throttled' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(200);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(300);
    expect((await signIn({ email: ada.email, password: PASSWORD })).status).toBe(200);
  });

  it('one user ends after ten failures, from wherever', async () => {
    const target = await people.person({ name: 'Target' });
    for (let guess = 0; guess < 10; guess += 1)
      expect((await signIn(wrong(target.email.toUpperCase()))).status).toBe(401);
    expect((await signIn({ email: target.email, password: PASSWORD })).status).toBe(429);
  });

  it('at the same time gets no further', async () => {
    const address = freshAddress();
    const guesses = await Promise.all(
      Array.from({ length: 8 }, (_, index) => signIn(wrong(`p${index}@example.com`), address)),
    );
    const statuses = guesses.map(({ status }) => status).sort();
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  });

  it('does not lock out who signs in properly, however often', async () => {
    const address = freshAddress();
    for (let time = 0; time < 12; time += 1) {
      expect((await signIn({ email: ada.email, password: PASSWORD }, address)).status).toBe(200);
    }
  });
});
