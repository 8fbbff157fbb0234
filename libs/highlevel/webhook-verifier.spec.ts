import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { HIGHLEVEL_ED25519_PUBLIC_KEY, HIGHLEVEL_RSA_PUBLIC_KEY } from './signing-keys.js';
import {
  type SignatureHeaders,
  SigningKeyInvalid,
  type Verification,
  WebhookVerifier,
  type WebhookVerifierOptions,
} from './webhook-verifier.js';

const ours = generateKeyPairSync('ed25519');
const rotated = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 4096 });
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const der = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('base64');

const SECRET = 'shared-between-our-own-tools';
const raw = Buffer.from('{ "type":"ContactCreate",  "n":1.0, "n":2, "t":"\\u0000" }');
const other = Buffer.from(raw.toString().replace('1.0', '1'));

const ed25519 = (body: Buffer, key = ours.privateKey): string => sign(null, body, key).toString('base64');
const rsaSha256 = (body: Buffer): string => sign('sha256', body, rsa.privateKey).toString('base64');
const hmac = (body: Buffer, encoding: 'hex' | 'base64', secret = SECRET): string =>
  createHmac('sha256', secret).update(body).digest(encoding);

const all: WebhookVerifierOptions = {
  ed25519PublicKeys: [pem(rotated.publicKey), der(ours.publicKey)],
  rsaPublicKeys: [HIGHLEVEL_RSA_PUBLIC_KEY, pem(rsa.publicKey)],
  hmacSecrets: ['an older one', SECRET],
};
const none: WebhookVerifierOptions = { ed25519PublicKeys: [], rsaPublicKeys: [], hmacSecrets: [] };

describe('signature keys of HighLevel', () => {
  it.each([
    [
      'Ed25519',
      HIGHLEVEL_ED25519_PUBLIC_KEY,
      '5a2c1b2749d3efcc233fb27d4ab43d56b8d20818c42cd226f6c9a3ff20d3097c',
    ],
    ['RSA', HIGHLEVEL_RSA_PUBLIC_KEY, '2f62045d413b1b7747e26770ce7f57840cbf86288cd20ceb90d299a62501fd25'],
  ])('the %s key is the published one', (_name, key, fingerprint) => {
    const bytes = createPublicKey(key).export({ type: 'spki', format: 'der' });
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(fingerprint);
  });

  it('both are accepted as configuration', () => {
    const options = {
      ed25519PublicKeys: [HIGHLEVEL_ED25519_PUBLIC_KEY],
      rsaPublicKeys: [HIGHLEVEL_RSA_PUBLIC_KEY],
      hmacSecrets: [],
    };
    expect(new WebhookVerifier(options).verify(raw, { ghlSignature: ed25519(raw) })).toEqual({
      ok: false,
      reason: 'mismatch',
    });
  });
});

describe(WebhookVerifier.name, () => {
  const accepted: [string, SignatureHeaders, string][] = [
    ['Ed25519 in X-GHL-Signature', { ghlSignature: ed25519(raw) }, 'ed25519'],
    [
      'Ed25519 by another of the configured keys',
      { ghlSignature: ed25519(raw, rotated.privateKey) },
      'ed25519',
    ],
    ['HMAC as hex', { ghlSignature: hmac(raw, 'hex') }, 'hmac'],
    ['HMAC as upper-case hex', { ghlSignature: hmac(raw, 'hex').toUpperCase() }, 'hmac'],
    ['HMAC as base64', { ghlSignature: hmac(raw, 'base64') }, 'hmac'],
    ['HMAC by an older secret', { ghlSignature: hmac(raw, 'hex', 'an older one') }, 'hmac'],
    ['RSA in X-WH-Signature', { whSignature: rsaSha256(raw) }, 'rsa'],
    ['RSA beside N/A', { ghlSignature: 'N/A', whSignature: rsaSha256(raw) }, 'rsa'],
    [
      'Ed25519 beside a broken legacy signature',
      { ghlSignature: ed25519(raw), whSignature: 'no' },
      'ed25519',
    ],
  ];
  it.each(accepted)('accepts %s', (_name, headers, scheme) => {
    expect(new WebhookVerifier(all).verify(raw, headers)).toEqual({ ok: true, scheme });
  });

  const truncated = (text: string): string => text.slice(0, -1);
  const refused: [string, SignatureHeaders, string][] = [
    ['no signature', {}, 'missing'],
    ['N/A alone', { ghlSignature: 'N/A' }, 'missing'],
    ['N/A in both', { ghlSignature: 'N/A', whSignature: 'N/A' }, 'missing'],
    ['an empty header', { ghlSignature: '' }, 'malformed'],
    ['an empty legacy header', { whSignature: '' }, 'malformed'],
    ['a header sent twice', { ghlSignature: [ed25519(raw), ed25519(raw)] }, 'repeated'],
    ['a legacy header sent twice', { whSignature: [rsaSha256(raw)] }, 'repeated'],
    ['two signatures joined by Node', { ghlSignature: `${ed25519(raw)}, ${ed25519(raw)}` }, 'malformed'],
    ['Ed25519 over other bytes', { ghlSignature: ed25519(other) }, 'mismatch'],
    ['Ed25519 by a stranger', { ghlSignature: ed25519(raw, stranger.privateKey) }, 'mismatch'],
    ['HMAC over other bytes', { ghlSignature: hmac(other, 'hex') }, 'mismatch'],
    ['HMAC by another secret', { ghlSignature: hmac(raw, 'base64', 'guess') }, 'mismatch'],
    ['RSA over other bytes', { whSignature: rsaSha256(other) }, 'mismatch'],
    ['RSA in the current header', { ghlSignature: rsaSha256(raw) }, 'malformed'],
    ['Ed25519 in the legacy header', { whSignature: ed25519(raw) }, 'mismatch'],
    ['HMAC in the legacy header', { whSignature: hmac(raw, 'hex') }, 'mismatch'],
    [
      'a wrong current signature, whatever the legacy one says',
      { ghlSignature: ed25519(other), whSignature: rsaSha256(raw) },
      'mismatch',
    ],
    ['base64 without its padding', { ghlSignature: truncated(ed25519(raw)) }, 'malformed'],
    ['base64url', { ghlSignature: `${ed25519(raw).slice(0, 40)}-_-_${ed25519(raw).slice(44)}` }, 'malformed'],
    ['base64 with a blank inside', { ghlSignature: ` ${ed25519(raw).slice(1)}` }, 'malformed'],
    ['base64 with a line break after it', { ghlSignature: `${ed25519(raw)}\n` }, 'malformed'],
    ['88 characters that are no base64', { ghlSignature: '!'.repeat(88) }, 'malformed'],
    ['44 characters of one byte too many', { ghlSignature: 'a'.repeat(44) }, 'malformed'],
    ['88 characters of two bytes too many', { ghlSignature: 'a'.repeat(88) }, 'malformed'],
    ['44 characters that are no base64', { ghlSignature: '='.repeat(44) }, 'malformed'],
    ['stray bits in the padding', { ghlSignature: `${'A'.repeat(85)}B==` }, 'malformed'],
    ['hex with one digit too few', { ghlSignature: truncated(hmac(raw, 'hex')) }, 'malformed'],
    ['n/a in another case', { ghlSignature: 'n/a' }, 'malformed'],
    ['a megabyte of base64', { whSignature: 'A'.repeat(1024 * 1024) }, 'malformed'],
  ];
  it.each(refused)('refuses %s', (_name, headers, reason) => {
    expect(new WebhookVerifier(all).verify(raw, headers)).toEqual({ ok: false, reason });
  });

  it.each<[string, SignatureHeaders]>([
    ['Ed25519', { ghlSignature: ed25519(raw) }],
    ['HMAC', { ghlSignature: hmac(raw, 'hex') }],
    ['RSA', { whSignature: rsaSha256(raw) }],
  ])('refuses a genuine %s signature when the scheme is switched off', (_name, headers) => {
    const expected: Verification = { ok: false, reason: 'scheme_disabled' };
    expect(new WebhookVerifier(none).verify(raw, headers)).toEqual(expected);
  });

  it('verifies an empty body like any other', () => {
    const empty = Buffer.alloc(0);
    expect(new WebhookVerifier(all).verify(empty, { ghlSignature: ed25519(empty) }).ok).toBe(true);
    expect(new WebhookVerifier(all).verify(empty, { ghlSignature: ed25519(raw) }).ok).toBe(false);
  });

  it('reads a PEM whose line breaks are spelled out, as environment variables carry it', () => {
    const options = { ...none, ed25519PublicKeys: [pem(ours.publicKey).replaceAll('\n', '\\n')] };
    expect(new WebhookVerifier(options).verify(raw, { ghlSignature: ed25519(raw) }).ok).toBe(true);
  });

  const privatePem = ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const good = pem(ours.publicKey);
  it.each<[string, Partial<WebhookVerifierOptions>, string]>([
    ['nonsense', { ed25519PublicKeys: [good, 'nonsense'] }, 'ed25519PublicKeys[1]'],
    ['an empty key', { ed25519PublicKeys: [''] }, 'ed25519PublicKeys[0]'],
    ['a key of another kind', { ed25519PublicKeys: [pem(rsa.publicKey)] }, 'ed25519PublicKeys[0]'],
    ['a private key', { ed25519PublicKeys: [privatePem] }, 'ed25519PublicKeys[0]'],
    ['Ed25519 for RSA', { rsaPublicKeys: [pem(rsa.publicKey), good] }, 'rsaPublicKeys[1]'],
    ['an RSA key that is too short', { rsaPublicKeys: [pem(smallRsa.publicKey)] }, 'rsaPublicKeys[0]'],
    ['an empty secret', { hmacSecrets: [SECRET, ''] }, 'hmacSecrets[1]'],
  ])('does not start with %s, and says which key it was', (_name, wrong, which) => {
    const construct = (): WebhookVerifier => new WebhookVerifier({ ...none, ...wrong });
    expect(construct).toThrow(SigningKeyInvalid);
    expect(construct).toThrow(which);
    expect(construct).not.toThrow('nonsense');
  });
});
