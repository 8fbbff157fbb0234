import { sealUserContext, type UserContext } from './user-context.js';

/** The vector of HL 8.2, which CryptoJS and OpenSSL agree on. Everything in it is invented. */
const SECRET = 'test-shared-secret-0001';
const SALT = Buffer.from('0102030405060708', 'hex');
const CONTEXT: UserContext = {
  userId: 'uSr00000000000000001',
  companyId: 'cMp00000000000000001',
  role: 'admin',
  type: 'agency',
  activeLocation: 'lOc00000000000000001',
  userName: 'Zoë Vector',
  email: 'zoe@example.test',
  isAgencyOwner: false,
};
const SEALED = [
  'U2FsdGVkX18BAgMEBQYHCLV+HNGKtZwHvbuILsISOncWivlVxiI8LiFjULdj8wN8keov7BNYu+TprynFdC3VTFT+GjXZSFcYfAK3Je3YFV8x',
  '9FQ1Kf/TsO/0Av2Bu6Ry9qEi08FadNi39xSuWLvFkkYvVvfxKq7wmEJuVjCK+FsQHtbyL1pq01oYmOH2mAu8UoiFUCU5QRj5F0zIZ+6epXpd',
  '0CkroQ5vQh55/PLWFiyo0Iv32i4RsRRyyB7XNTkHt5gjxPFSsD9pwhjrL+QAetM0pL7Zw3LiGgTDPGrv5h3uepEkCpdwDrYcr2ozaNFJ',
].join('');

describe('sealUserContext', () => {
  it('writes what CryptoJS would, to the last character', () => {
    expect(sealUserContext(CONTEXT, SECRET, SALT)).toBe(SEALED);
  });

  it('takes a new salt each time, so that the same context never looks the same', () => {
    const sealed = Array.from({ length: 50 }, () => sealUserContext(CONTEXT, SECRET));
    expect(new Set(sealed).size).toBe(sealed.length);
    expect(sealed.every((text) => text.startsWith('U2FsdGVkX1'))).toBe(true);
  });
});
