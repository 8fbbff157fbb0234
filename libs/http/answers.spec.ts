import { type InjectOptions } from 'fastify';
import { RAW_BODY_LIMIT_BYTES } from './index.js';
import { JSON_TYPE, post, useThingsApp } from './things-app.fixture.js';

const { call, lines, logged } = useThingsApp();

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
    expect(line?.err?.stack).toContain('things-app.fixture');
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
