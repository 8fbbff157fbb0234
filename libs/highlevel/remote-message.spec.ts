import { remoteMessage, traceIdOf, withoutCredentials } from './remote-message.js';

describe(remoteMessage.name, () => {
  it.each<[unknown, string]>([
    [{ message: 'one' }, 'one'],
    [{ message: ['one', 'two', 3, ''] }, 'one; two'],
    [
      { error: 'invalid_grant', error_description: 'The code has expired' },
      'invalid_grant; The code has expired',
    ],
    [{ message: 'Unauthorized', error: 'Unauthorized' }, 'Unauthorized'],
    [{ error: { code: 'bad_input', message: 'email' } }, 'bad_input; email'],
    [{ message: { nested: true } }, ''],
    ['<html>', ''],
    [null, ''],
    [undefined, ''],
  ])('of %j is %p', (body, expected) => {
    expect(remoteMessage(body)).toBe(expected);
  });
});

describe(withoutCredentials.name, () => {
  it.each([
    ['Token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-x_1 is bad', 'Token [redacted] is bad'],
    ['got Bearer abcdefgh.12345678', 'got [redacted]'],
    ['client_secret=short-one1&x=1', 'client_secret=[redacted]&x=1'],
    ['{"refresh_token": "abc12345", "ok": 1}', '{"refresh_token": "[redacted]", "ok": 1}'],
    ['code 0123456789abcdef0123456789abcdef01234567', 'code [redacted]'],
    ['secret 3f0b4a6e-5b1e-4a55-9a3e-0c6f4d1f2a10', 'secret [redacted]'],
  ])('takes what looks like one out of %p', (message, expected) => {
    expect(withoutCredentials(message)).toBe(expected);
  });

  it.each([
    'Invalid token: access token is invalid',
    'Contact with id Con0InventedPerson01 not found',
    'App 6a10c0ffee5ca1ab1e000001 is not installed',
    'Invalid grant: refresh token is invalid',
  ])('leaves %p alone', (message) => {
    expect(withoutCredentials(message)).toBe(message);
  });

  it('takes out what the request carried, whatever it looks like', () => {
    expect(withoutCredentials('no such code: abc (abc)', ['', 'abc'])).toBe(
      'no such code: [redacted] ([redacted])',
    );
  });

  it('makes one line of bounded length', () => {
    expect(withoutCredentials('a\n  b\r\nc')).toBe('a b c');
    expect(withoutCredentials('no '.repeat(1000))).toHaveLength(500);
  });
});

describe(traceIdOf.name, () => {
  it('is taken from the body, else from a header, and only if it is one', () => {
    expect(traceIdOf({ traceId: 'a-1' }, { 'x-trace-id': 'b-2' })).toBe('a-1');
    expect(traceIdOf('<html>', { 'x-trace-id': 'b-2' })).toBe('b-2');
    expect(traceIdOf({ traceId: 'not an id\n' }, {})).toBeUndefined();
  });
});
