import { JSON_BODY_LIMIT_BYTES, RAW_BODY_LIMIT_BYTES } from './index.js';
import { post, useThingsApp } from './things-app.fixture.js';

const { call, sendBytes } = useThingsApp();

describe('a JSON body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/vnd.api+json',
  ])('is read from %s', async (contentType) => {
    const { status, body } = await call(post('/json', '{"a":["ü"]}', { 'content-type': contentType }));
    expect([status, body]).toEqual([201, { got: { a: ['ü'] } }]);
  });

  it('may be absent although its content type is there', async () => {
    expect((await call(post('/json', ''))).body).toEqual({ got: null });
  });

  it.each([
    ['half an object', '{"a":'],
    ['two values', '{} {}'],
    ['blanks only', '  '],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['a key that would pollute prototypes', '{"__proto__":{"admin":true}}'],
    ['the same, deeper', '{"a":{"constructor":{"prototype":{"admin":true}}}}'],
  ])('that is %s is refused with 400', async (_, payload) => {
    const { status, body } = await call(post('/json', payload));
    expect([status, body]).toEqual([
      400,
      { error: 'The request body is not valid JSON', code: 'malformed_json' },
    ]);
  });

  it.each(['[1]', '"text"', '5', 'null'])('that is %s and no object is refused with 400', async (payload) => {
    const { status, body } = await call(post('/json', payload));
    expect([status, body.code]).toEqual([400, 'bad_request']);
  });

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('of nested %s is read to a depth of 100, and refused with 400 beyond', async (_, open, close) => {
    const nested = (depth: number): string => `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`;
    expect((await call(post('/json', nested(99)))).status).toBe(201);
    for (const depth of [100, 10_000, 100_000]) {
      const { status, body } = await call(post('/json', nested(depth)));
      expect([status, body]).toEqual([
        400,
        { error: 'The request body is nested too deeply', code: 'bad_request' },
      ]);
    }
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
    'text/json-ish',
  ])('is refused with 415 when it claims to be %s', async (contentType) => {
    const { status, body } = await call(post('/json', '{}', { 'content-type': contentType }));
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('without a content type is refused with 415', async () => {
    expect((await call(post('/json', '{}', {}))).status).toBe(415);
  });

  it('may be a megabyte, not a byte more', async () => {
    const frame = '{"a":""}'.length;
    const fits = `{"a":"${'x'.repeat(JSON_BODY_LIMIT_BYTES - frame)}"}`;
    expect((await call(post('/json', fits))).status).toBe(201);
    const { status, body } = await call(post('/json', `${fits} `));
    expect([status, body]).toEqual([
      413,
      { error: 'The request body is too large', code: 'payload_too_large' },
    ]);
  });
});

describe('a raw body', () => {
  it.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense', undefined])(
    'reaches the handler byte by byte with content type %s',
    async (contentType) => {
      const bytes = Buffer.from([0x00, 0xff, 0x7b, 0x20, 0x0d, 0x0a]);
      const { body } = await call(
        post('/raw', bytes, contentType === undefined ? {} : { 'content-type': contentType }),
      );
      expect(body).toEqual({ buffer: true, bytes: 6, hex: '00ff7b200d0a' });
    },
  );

  it('may be empty', async () => {
    expect((await call(post('/raw', Buffer.alloc(0)))).body).toMatchObject({ buffer: true, bytes: 0 });
  });

  it('has room for twice the largest delivery of HighLevel and no more', async () => {
    expect((await call(post('/raw', Buffer.alloc(RAW_BODY_LIMIT_BYTES)))).status).toBe(201);
    expect((await call(post('/raw', Buffer.alloc(RAW_BODY_LIMIT_BYTES + 1)))).body.code).toBe(
      'payload_too_large',
    );
  });
});

describe('a form', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

  it('is read where the route takes one, beside JSON', async () => {
    expect((await call(post('/form', 'email=a%40b.c&x=1&x=2', FORM))).body).toEqual({
      email: 'a@b.c',
      x: '2',
    });
    expect((await call(post('/form', '{"email":"a@b.c"}'))).body).toEqual({ email: 'a@b.c' });
  });

  it('cannot pollute prototypes', async () => {
    await call(post('/form', '__proto__[admin]=1&__proto__=x', FORM));
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });
});

describe('validation', () => {
  it('drops keys nobody declared, as Rails does', async () => {
    const { status, body } = await call(post('/contacts', '{"name":"Ada","role":"admin"}'));
    expect([status, body]).toEqual([201, { name: 'Ada' }]);
  });

  it('names every wrong attribute, also inside others, in sentences', async () => {
    const { status, body } = await call(post('/contacts', '{"name":"Adalbert","home_address":{"city":5}}'));
    const message = 'Name must be shorter than or equal to 5 characters, Home address city must be a string';
    expect(status).toBe(422);
    expect(body).toEqual({
      error: message,
      code: 'validation_failed',
      message,
      attributes: ['name', 'home_address.city'],
    });
  });

  it('treats a missing body as an empty one', async () => {
    const { status, body } = await call({ method: 'POST', url: '/contacts' });
    expect([status, body.attributes]).toEqual([422, ['name']]);
  });

  it('turns query texts into the types of their DTO', async () => {
    expect((await call('/contacts?page=2')).body).toEqual({ page: 2, type: 'number' });
    expect((await call('/contacts?page=zero')).body.attributes).toEqual(['page']);
  });
});

describe('an id in a path', () => {
  it('is a number', async () => {
    expect((await call('/things/2147483647')).body).toEqual({ id: 2_147_483_647 });
  });

  it('may be as large as a bigint that JavaScript can count', async () => {
    expect((await call('/big-things/9007199254740991')).body).toEqual({ id: 9_007_199_254_740_991 });
    for (const id of ['9007199254740992', '0', 'x'])
      expect((await call(`/big-things/${id}`)).status).toBe(404);
  });

  it.each(['0', '-1', '1.5', 'abc', '2147483648', '99999999999999999999', '1e3', '%00', '0x10', '1%20'])(
    'that is %s names no record',
    async (id) => {
      const { status, body } = await call(`/things/${id}`);
      expect([status, body.error]).toEqual([404, 'Resource could not be found']);
    },
  );
});

describe('what cannot be routed', () => {
  it.each(['/nowhere', '/things', '/json/', '//json', '/JSON'])('%s answers 404', async (url) => {
    const { status, body } = await call(url);
    expect([status, body]).toEqual([404, { error: 'Resource could not be found', code: 'not_found' }]);
  });

  it('is also a target that is no path', async () => {
    for (const target of ['*', 'things/1']) {
      expect(await sendBytes(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 40[04] /,
      );
    }
  });

  it('is also a method the path does not have', async () => {
    expect((await call({ method: 'PUT', url: '/json' })).status).toBe(404);
  });

  it.each(['/%E0%A4%A', '/things/%', '/things/%zz'])(
    '%s answers 400: its escapes cannot be read',
    async (url) => {
      const { status, body } = await call(url);
      expect([status, body.code]).toEqual([400, 'bad_request']);
      expect(body).not.toHaveProperty('statusCode');
    },
  );

  it('is a parameter longer than any id or token: 414', async () => {
    expect((await call(`/things/${'1'.repeat(201)}`)).body).toEqual({
      error: 'The request address is too long',
      code: 'uri_too_long',
    });
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'bad_request'],
    [
      'headers of 20 KB',
      `GET /refused HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'two lengths',
      'POST /json HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
      400,
      'bad_request',
    ],
  ])('is %s', async (_, bytes, status, code) => {
    const answer = await sendBytes(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code });
  });
});
