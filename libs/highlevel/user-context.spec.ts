import { createCipheriv, createHash } from 'node:crypto';
import { openUserContext } from './user-context.js';

/** The vector of HL 8.2, which CryptoJS, OpenSSL and Node agree on. */
const SECRET = 'test-shared-secret-0001';
const PAYLOAD =
  'U2FsdGVkX18BAgMEBQYHCLV+HNGKtZwHvbuILsISOncWivlVxiI8LiFjULdj8wN8keov7BNYu+TprynFdC3VTFT+GjXZSFcYfAK3Je3YFV8x9FQ1Kf/TsO/0Av2Bu6Ry9qEi08FadNi39xSuWLvFkkYvVvfxKq7wmEJuVjCK+FsQHtbyL1pq01oYmOH2mAu8UoiFUCU5QRj5F0zIZ+6epXpd0CkroQ5vQh55/PLWFiyo0Iv32i4RsRRyyB7XNTkHt5gjxPFSsD9pwhjrL+QAetM0pL7Zw3LiGgTDPGrv5h3uepEkCpdwDrYcr2ozaNFJ';
const USER = { userId: 'u1', companyId: 'c1', email: 'zoe@example.test' };

/** What OpenSSL would print, with the vector's salt. */
function seal(plain: string | Buffer, secret = SECRET): string {
  const salt = Buffer.from('0102030405060708', 'hex');
  const md5 = (...parts: (Buffer | string)[]): Buffer =>
    createHash('md5')
      .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
      .digest();
  const first = md5(secret, salt);
  const second = md5(first, secret, salt);
  const third = md5(second, secret, salt);
  const cipher = createCipheriv('aes-256-cbc', Buffer.concat([first, second]), third);
  return Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(plain), cipher.final()]).toString(
    'base64',
  );
}

const sealed = (value: unknown): string => seal(JSON.stringify(value));

describe('the user context of a page in HighLevel’s frame', () => {
  it('is read from what HighLevel encrypts', () => {
    expect(openUserContext(PAYLOAD, [SECRET])).toEqual({
      context: {
        userId: 'uSr00000000000000001',
        companyId: 'cMp00000000000000001',
        email: 'zoe@example.test',
        activeLocation: 'lOc00000000000000001',
      },
      salt: Buffer.from('0102030405060708', 'hex'),
    });
  });

  it('is opened by either of two secrets, while one takes the place of the other', () => {
    expect(openUserContext(PAYLOAD, ['the next one', SECRET])).toBeDefined();
    expect(openUserContext(PAYLOAD, [SECRET, 'the one before'])).toBeDefined();
  });

  it('names no location while an agency is looked at', () => {
    for (const value of [USER, { ...USER, activeLocation: '' }, { ...USER, activeLocation: null }])
      expect(openUserContext(sealed(value), [SECRET])?.context).toEqual({
        ...USER,
        activeLocation: undefined,
      });
  });

  it('is opened by no wrong secret, also where the padding happens to fit', () => {
    for (let n = 0; n < 2_000; n += 1)
      expect(openUserContext(PAYLOAD, [`another secret ${n}`])).toBeUndefined();
    expect(openUserContext(PAYLOAD, [])).toBeUndefined();
  });

  it.each([
    ['an e-mail address is missing', sealed({ ...USER, email: undefined })],
    ['an id is no text', sealed({ ...USER, userId: 7 })],
    ['a location is no text', sealed({ ...USER, activeLocation: ['l1'] })],
    ['an id is longer than any', sealed({ ...USER, companyId: 'c'.repeat(256) })],
    ['a text holds what PostgreSQL cannot store', sealed({ ...USER, userId: 'u\0' })],
    ['it is a list', sealed([USER])],
    ['it is no JSON', seal('zoe')],
    ['it is no UTF-8', seal(Buffer.concat([Buffer.from('{"userId":"'), Buffer.from([0xff, 0xfe])]))],
    ['it is cut off', PAYLOAD.slice(0, -24)],
    ['it is not in blocks', PAYLOAD.slice(0, -20)],
    ['there is nothing behind the salt', PAYLOAD.slice(0, 20)],
    ['it is not OpenSSL’s format', Buffer.from('something else entirely').toString('base64')],
    ['it is no base64', `${PAYLOAD} `],
    ['it is empty', ''],
  ])('is none where %s', (_why, payload) => {
    expect(openUserContext(payload, [SECRET])).toBeUndefined();
  });

  it('does not open with another salt, so that an altered copy can be told by the one it has', () => {
    const bytes = Buffer.from(PAYLOAD, 'base64');
    for (let bit = 64; bit < 128; bit += 1) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openUserContext(copy.toString('base64'), [SECRET])).toBeUndefined();
    }
  });
});
