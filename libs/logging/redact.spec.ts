import { REDACTED, redact, withoutQuery } from './index.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

describe('what is named like a secret', () => {
  it.each([
    'authorization',
    'Cookie',
    'set-cookie',
    'api_access_token',
    'access-token',
    'accessToken',
    'access_token',
    'refresh_token',
    'refreshToken',
    'client_secret',
    'clientSecret',
    'password',
    'encrypted_password',
    'token',
    'X-GHL-Signature',
    'x-wh-signature',
  ])('is left out: %s', (name) => {
    expect(redact({ headers: { [name]: 'opensesame' } })).toEqual({ headers: { [name]: REDACTED } });
  });

  it('tells whether it was there', () => {
    expect(redact({ refresh_token: null, access_token: undefined, token: true })).toEqual({
      refresh_token: null,
      access_token: undefined,
      token: true,
    });
  });
});

describe('what looks like a secret', () => {
  it.each([
    [`got ${JWT} back`, `got ${REDACTED} back`],
    ['Authorization: Bearer abc.def-123', `Authorization: Bearer ${REDACTED}`],
    ['GET /ghl/callback?code=4f8a&state=xyz&x=1', `GET /ghl/callback?code=${REDACTED}&state=${REDACTED}&x=1`],
    [
      'grant_type=refresh_token&refresh_token=r1&client_secret=s1',
      `grant_type=refresh_token&refresh_token=${REDACTED}&client_secret=${REDACTED}`,
    ],
  ])('is left out of a text: %s', (text, shown) => {
    expect(redact(text)).toBe(shown);
    expect(redact({ list: [text] })).toEqual({ list: [shown] });
    expect(redact(new Error(text))).toMatchObject({ message: shown });
  });

  it('includes an OAuth code, and not the code of an error', () => {
    expect(redact({ code: '8a1b2c3d4e5f60718293a4b5c6d7e8f9' })).toEqual({ code: REDACTED });
    for (const code of ['not_found', 'ECONNRESET', '23505', 'location_already_connected']) {
      expect(redact({ code })).toEqual({ code });
    }
  });
});

describe('what is harmless', () => {
  it('stays as it is', () => {
    const at = new Date(0);
    const fields = { hookId: 5, state: 'suspended', ok: true, at, list: [1, 'two'], none: null };
    expect(redact(fields)).toEqual(fields);
  });
});

describe('whatever is logged', () => {
  it('is bounded', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(JSON.stringify(redact(loop))).toContain('[deeper]');
    expect((redact('x'.repeat(100_000)) as string).length).toBeLessThan(9_000);
    expect(redact(Array.from({ length: 1_000 }))).toHaveLength(200);
    expect(
      Object.keys(redact(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [i, i]))) as object),
    ).toHaveLength(200);
  });

  it('can be written as JSON', () => {
    expect(JSON.stringify(redact({ big: 2n ** 60n, bytes: Buffer.from('secret'), call: () => 1 }))).toBe(
      '{"big":"1152921504606846976","bytes":"[6 bytes]"}',
    );
  });

  it('keeps an error’s code and causes', () => {
    const error = Object.assign(new TypeError('a', { cause: 'because' }), { code: 5 });
    expect(redact(error)).toMatchObject({ type: 'TypeError', message: 'a', code: 5, cause: 'because' });
  });
});

it('withoutQuery cuts where codes and states travel', () => {
  expect(withoutQuery('/ghl/callback?code=1&state=2')).toBe('/ghl/callback');
  expect(withoutQuery('/a#b')).toBe('/a');
  expect(withoutQuery('/a')).toBe('/a');
});
