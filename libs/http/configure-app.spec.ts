import { connect } from 'node:net';
import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { type InjectOptions } from 'fastify';
import { loadConfig } from '#libs/config';
import { NotAuthorized, Throttled, Unavailable } from '#libs/errors';
import { createLogger, requestContext } from '#libs/logging';
import {
  BigPathId,
  configureApp,
  createFastifyAdapter,
  FormBody,
  JSON_BODY_LIMIT_BYTES,
  PathId,
  RAW_BODY_LIMIT_BYTES,
  RawBody,
} from './index.js';

class AddressDto {
  @IsString()
  city!: string;
}

class ContactDto {
  @IsString()
  @MaxLength(5)
  name!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  home_address?: AddressDto;
}

class PageDto {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  page?: number;
}

@Controller()
class ThingsController {
  @Post('json')
  json(@Body() body: unknown): unknown {
    return { got: body ?? null };
  }

  @Post('contacts')
  contact(@Body() contact: ContactDto): ContactDto {
    return contact;
  }

  @Get('contacts')
  contacts(@Query() { page }: PageDto): unknown {
    return { page, type: typeof page };
  }

  @Post('raw')
  @RawBody()
  raw(@Body() body: Buffer): unknown {
    return { buffer: Buffer.isBuffer(body), bytes: body.length, hex: body.subarray(0, 8).toString('hex') };
  }

  @Post('form')
  @FormBody()
  form(@Body() body: unknown): unknown {
    return body;
  }

  @Get('things/:id')
  thing(@Param('id', PathId) id: number): unknown {
    return { id };
  }

  @Get('big-things/:id')
  bigThing(@Param('id', BigPathId) id: number): unknown {
    return { id };
  }

  @Get('health/ready')
  ready(): unknown {
    return {};
  }

  @Get('fault')
  fault(): never {
    throw new Error('the password is hunter2');
  }

  @Get('refused')
  refused(): never {
    throw new NotAuthorized();
  }

  @Get('throttled')
  throttled(): never {
    throw new Throttled(42);
  }

  @Get('unavailable')
  unavailable(): never {
    throw new Unavailable('database');
  }

  @Post('context')
  async context(): Promise<unknown> {
    await new Promise(setImmediate);
    return requestContext.getStore();
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const lines: string[] = [];
let app: NestFastifyApplication;
let port: number;

beforeAll(async () => {
  const config = loadConfig({
    FRONTEND_URL: 'https://desk.example.com/app',
    PORT: '0',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'debug',
  });
  const logger = createLogger(
    { logLevel: 'debug', isProduction: true },
    { write: (line) => lines.push(line) },
  );
  const testing = await Test.createTestingModule({ imports: [ThingsModule] })
    .setLogger(logger)
    .compile();
  app = testing.createNestApplication<NestFastifyApplication>(createFastifyAdapter(config));
  app.useLogger(logger);
  configureApp(app, config);
  await app.listen(0, '127.0.0.1');
  port = Number(new URL(await app.getUrl()).port);
});

afterAll(() => app.close());
beforeEach(() => lines.splice(0));

type Json = Record<string, unknown>;

async function call(
  request: InjectOptions | string,
): Promise<{ status: number; body: Json; headers: Record<string, unknown> }> {
  const answer = await app.inject(request);
  return {
    status: answer.statusCode,
    body: answer.body === '' ? {} : answer.json<Json>(),
    headers: answer.headers,
  };
}

interface LogLine extends Json {
  err?: { stack: string };
}

const logged = (): LogLine[] => lines.map((text) => JSON.parse(text) as LogLine);

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (
  url: string,
  payload: string | Buffer,
  headers: Record<string, string> = JSON_TYPE,
): InjectOptions => ({
  method: 'POST',
  url,
  payload,
  headers,
});

/** Sends bytes as they are, which no HTTP client would do. */
function sendBytes(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

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

describe('an error', () => {
  it('of the domain has its status and sentence', async () => {
    const { status, body } = await call('/refused');
    expect([status, body]).toEqual([
      401,
      { error: 'You are not authorized to do this action', code: 'not_authorized' },
    ]);
  });

  it('says when to come back', async () => {
    expect(await call('/throttled')).toMatchObject({ status: 429, headers: { 'retry-after': '42' } });
    expect(await call('/unavailable')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });

  it('of ours is told to the log with its stack and to the caller with the request id only', async () => {
    const { status, body, headers } = await call('/fault');
    expect([status, body]).toEqual([
      500,
      { error: 'Internal server error', code: 'internal_error', request_id: headers['x-request-id'] },
    ]);
    const line = logged().find(({ level }) => level === 'error');
    expect(line).toMatchObject({ msg: 'Request failed', path: '/fault', requestId: headers['x-request-id'] });
    expect(line?.err?.stack).toContain('configure-app.spec');
  });
});

describe('the request id', () => {
  it('is the one the proxy gave', async () => {
    const { headers, body } = await call(
      post('/context', '{}', { ...JSON_TYPE, 'x-request-id': 'proxy-4711-abc' }),
    );
    expect(headers['x-request-id']).toBe('proxy-4711-abc');
    expect(body).toEqual({ requestId: 'proxy-4711-abc' });
  });

  it.each(['short', 'with blank inside', 'a'.repeat(129), '{"level":"fatal"}'])(
    'is ours when the given one is %s',
    async (given) => {
      const { headers } = await call({ url: '/refused', headers: { 'x-request-id': given } });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );

  it('is on the line of every request, which has no query', async () => {
    await call({ url: '/refused?code=c0de&state=st4te', headers: { 'x-request-id': 'request-1' } });
    const answered = logged().find(({ msg }) => msg === 'Request answered');
    expect(answered).toMatchObject({ requestId: 'request-1', method: 'GET', path: '/refused', status: 401 });
    expect(lines.join('')).not.toMatch(/c0de|st4te/);
  });
});

describe('the log line of a request', () => {
  const levelOf = async (request: InjectOptions | string): Promise<unknown> => {
    lines.splice(0);
    await call(request);
    return logged().find(({ msg }) => msg === 'Request answered')?.['level'];
  };

  it('is of level info, but of level debug where it is routine', async () => {
    expect(await levelOf('/things/1')).toBe('info');
    expect(await levelOf('/health/ready')).toBe('debug');
    expect(await levelOf(post('/raw', 'x'))).toBe('debug');
    expect(await levelOf(post('/raw', 'x'.repeat(RAW_BODY_LIMIT_BYTES + 1)))).toBe('info');
  });
});

describe('other origins', () => {
  const preflight = (origin: string): InjectOptions => ({
    method: 'OPTIONS',
    url: '/json',
    headers: { origin, 'access-control-request-method': 'POST' },
  });

  it('may call when they are the one of FRONTEND_URL', async () => {
    const { headers } = await call(preflight('https://desk.example.com'));
    expect(headers['access-control-allow-origin']).toBe('https://desk.example.com');
    const exposed = String(
      (await call({ url: '/refused', headers: { origin: 'https://desk.example.com' } })).headers[
        'access-control-expose-headers'
      ],
    );
    for (const name of ['access-token', 'client', 'uid', 'expiry', 'retry-after', 'x-request-id'])
      expect(exposed).toContain(name);
  });

  it.each([
    'https://evil.example.com',
    'http://desk.example.com',
    'https://desk.example.com.evil.com',
    'null',
  ])('may not when they are %s', async (origin) => {
    expect((await call(preflight(origin))).headers).not.toHaveProperty('access-control-allow-origin');
    expect((await call({ url: '/refused', headers: { origin } })).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });
});

describe('security headers', () => {
  it.each(['/refused', '/nowhere', '/fault'])('are on %s', async (url) => {
    const { headers } = await call(url);
    expect(headers).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('strict-transport-security');
  });
});
