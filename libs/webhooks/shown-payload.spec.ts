import { shownPayload } from './shown-payload.js';

const shown = (body: string | Buffer): ReturnType<typeof shownPayload> => shownPayload(Buffer.from(body));

describe(shownPayload.name, () => {
  it('shows JSON as it was, and says what was dropped', () => {
    const event = { type: 'ContactUpdate', tags: ['vip'], dnd: false, n: 1, nothing: null };
    expect(shown(JSON.stringify(event))).toEqual({ format: 'json', payload: event });
    expect(shownPayload(null)).toEqual({ format: 'dropped', payload: null });
  });

  it.each([
    'token',
    'access_token',
    'refreshToken',
    'stripeSecretKey',
    'Authorization',
    'x-api-key',
    'privateKey',
    'password_confirmation',
  ])('masks what is called %s, at any depth', (name) => {
    const { payload } = shown(
      JSON.stringify({ a: { b: [{ [name]: 'hidden-1' }] }, [name]: { c: 'hidden-2' } }),
    );
    expect(payload).toMatchObject({ a: { b: [{ [name]: '[redacted]' }] }, [name]: '[redacted]' });
  });

  it('masks what looks like a secret wherever it stands', () => {
    expect(JSON.stringify(shown('{"note":"call with Bearer abc.def.ghi12345"}'))).not.toContain('abc.def');
    expect(JSON.stringify(shown('Bearer abc.def.ghi12345'))).not.toContain('abc.def');
  });

  it.each([
    '{"type":"X","clientSecret":"hidden-value","a":',
    '{"type":"X","clientSecret":"hidden-value',
    '{"type":"X","clientSecret" : hidden-value, ',
  ])('masks it in a text that is no JSON, too: %s', (body) => {
    const { format, payload } = shown(body);
    expect(format).toBe('text');
    expect(payload).toMatch(/^\{"type":"X","clientSecret"\s*:\s*"\[redacted\]"/);
    expect(payload).not.toContain('hidden');
  });

  it('cuts what is long or deep', () => {
    const { payload } = shown(JSON.stringify({ long: 'x'.repeat(100_000), many: Array(10_000).fill(1) }));
    expect(JSON.stringify(payload).length).toBeLessThan(10_000);
    expect(JSON.stringify(shown('x'.repeat(400_000))).length).toBeLessThan(9_000);
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(JSON.stringify(shown(deep)).length).toBeLessThan(9_000);
  });

  it.each([
    '"' + 'token'.repeat(80_000),
    '"' + 'a'.repeat(400_000),
    '"token":"'.repeat(50_000),
    '"token":"' + '\\'.repeat(400_000),
  ])('takes a moment for any text (%#)', (body) => {
    const start = performance.now();
    shown(body);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('shows bytes that are no UTF-8', () => {
    expect(shown(Buffer.from([0xff, 0xfe, 0x00]))).toMatchObject({
      format: 'text',
      payload: expect.any(String),
    });
  });
});
