import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { deriveKey, type KeyDigest } from './encryption-keys.js';
import { TokenUnreadable } from './token-unreadable.js';
import { TokenVault } from './token-vault.js';

interface Vector {
  name: string;
  digest: KeyDigest;
  text: string;
  envelope: string;
  reproducible: boolean;
}

interface Headers {
  iv: string;
  at: string;
  i?: string;
  c?: boolean;
}

interface Sealed {
  p: string;
  h: Headers;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../test/fixtures/encryption/vectors.json', import.meta.url), 'utf8'),
) as {
  keys: { deterministic: string; primary: string; salt: string };
  derived: Record<KeyDigest, Record<'deterministic' | 'primary', string>>;
  vectors: Vector[];
};
const { keys, derived, vectors } = fixture;
const HOOK_ID = 7;
const short = vectors[0]!;
const long = vectors[4]!;

const vaultWith = (
  digest: KeyDigest,
  deterministicKeys = [keys.deterministic],
  primaryKeys = [keys.primary],
): Promise<TokenVault> => TokenVault.create({ deterministicKeys, primaryKeys, salt: keys.salt, digest });

/** An envelope changed in one place. */
function altered(envelope: string, change: (sealed: Sealed) => void): string {
  const sealed = JSON.parse(envelope) as Sealed;
  change(sealed);
  return JSON.stringify(sealed);
}

function reasonOf(open: () => string): string {
  try {
    open();
  } catch (error) {
    if (error instanceof TokenUnreadable) return error.reason;
    throw error;
  }
  return 'opened';
}

describe('TokenVault', () => {
  let vaults: Record<KeyDigest, TokenVault>;

  beforeAll(async () => {
    vaults = { sha1: await vaultWith('sha1'), sha256: await vaultWith('sha256') };
  });

  describe('the values ActiveRecord wrote', () => {
    it.each(['sha1', 'sha256'] as const)('derives the same keys with %s', async (digest) => {
      const [deterministic, primary] = await Promise.all([
        deriveKey(keys.deterministic, keys.salt, digest),
        deriveKey(keys.primary, keys.salt, digest),
      ]);
      expect(deterministic.secret.toString('hex')).toBe(derived[digest].deterministic);
      expect(primary.secret.toString('hex')).toBe(derived[digest].primary);
    });

    it.each(vectors)('opens vector $name, whichever digest writes', ({ envelope, text }) => {
      expect(vaults.sha1.open(envelope, HOOK_ID)).toBe(text);
      expect(vaults.sha256.open(envelope, HOOK_ID)).toBe(text);
    });

    it.each(vectors.filter((vector) => vector.reproducible))(
      'seals vector $name byte for byte',
      ({ digest, envelope, text }) => {
        expect(vaults[digest].seal(text)).toBe(envelope);
      },
    );

    it.each(vectors)('opens vector $name without its key reference', ({ envelope, text }) => {
      const anonymous = altered(envelope, ({ h }) => delete h.i);
      expect(vaults.sha1.open(anonymous, HOOK_ID)).toBe(text);
    });

    it('does not compress 140 bytes', () => {
      const text = 'a'.repeat(140);
      const sealed = vaults.sha1.seal(text);
      expect((JSON.parse(sealed) as Sealed).h).not.toHaveProperty('c');
      expect(vaults.sha1.open(sealed, HOOK_ID)).toBe(text);
    });

    it('opens a random IV in a deterministic column, and seals it deterministically again', () => {
      const iv = randomBytes(12);
      const key = Buffer.from(derived.sha1.deterministic, 'hex');
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
      const p = Buffer.concat([cipher.update(short.text), cipher.final()]).toString('base64');
      const envelope = JSON.stringify({
        p,
        h: { iv: iv.toString('base64'), at: cipher.getAuthTag().toString('base64') },
      });
      expect(vaults.sha1.seal(vaults.sha1.open(envelope, HOOK_ID))).toBe(short.envelope);
    });
  });

  describe('round trips', () => {
    const texts = { short: 'a-token-of-few-characters', long: 'a-token-of-many-characters '.repeat(40) };

    /** An envelope as DM 8 describes it, by other means than the code under test: Node's deflate, a random IV. */
    function written(text: string, keyHex: string, isDeterministic: boolean): string {
      const key = Buffer.from(keyHex, 'hex');
      const clear = Buffer.from(text);
      const isCompressed = clear.length > 140;
      const content = isCompressed ? deflateSync(clear) : clear;
      const iv = isDeterministic
        ? createHmac('sha256', key).update(content).digest().subarray(0, 12)
        : randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const p = Buffer.concat([cipher.update(content), cipher.final()]).toString('base64');
      const reference = createHash('sha1').update(key).digest('hex').slice(0, 4);
      const h = {
        iv: iv.toString('base64'),
        at: cipher.getAuthTag().toString('base64'),
        i: Buffer.from(reference).toString('base64'),
        ...(isCompressed && { c: true }),
      };
      return JSON.stringify({ p, h });
    }

    const cases = (['sha1', 'sha256'] as const).flatMap((digest) =>
      (['deterministic', 'primary'] as const).flatMap((key) =>
        (['short', 'long'] as const).map((length) => ({ digest, key, length })),
      ),
    );

    it.each(cases)('a $length text under the $key key and $digest', ({ digest, key, length }) => {
      const envelope = written(texts[length], derived[digest][key], key === 'deterministic');
      expect('c' in (JSON.parse(envelope) as Sealed).h).toBe(length === 'long');
      for (const vault of Object.values(vaults)) {
        const opened = vault.open(envelope, HOOK_ID);
        expect(opened).toBe(texts[length]);
        expect(vault.open(vault.seal(opened), HOOK_ID)).toBe(opened);
      }
      expect(vaults[digest].isCurrent(envelope)).toBe(key === 'deterministic');
      expect(vaults[digest === 'sha1' ? 'sha256' : 'sha1'].isCurrent(envelope)).toBe(false);
    });
  });

  describe('clear text', () => {
    it('reads a token written before keys were configured', () => {
      expect(vaults.sha1.open('eyJhbGciOi.clear.token', HOOK_ID)).toBe('eyJhbGciOi.clear.token');
    });

    it.each([
      ['no primary key', { primaryKeys: [], deterministicKeys: ['d'], salt: 's' }],
      ['no deterministic key', { primaryKeys: ['p'], deterministicKeys: [], salt: 's' }],
      ['no salt', { primaryKeys: ['p'], deterministicKeys: ['d'], salt: undefined }],
    ])('stores clear text with %s, as Chatwoot does', async (_case, options) => {
      const vault = await TokenVault.create({ ...options, digest: 'sha1' });
      expect(vault.encrypts).toBe(false);
      expect(vault.seal('a-token')).toBe('a-token');
    });

    it('refuses an envelope when no keys are configured', async () => {
      const vault = await TokenVault.create({
        primaryKeys: [],
        deterministicKeys: [],
        salt: undefined,
        digest: 'sha1',
      });
      expect(reasonOf(() => vault.open(short.envelope, HOOK_ID))).toBe('no_keys_configured');
    });
  });

  describe('rotation', () => {
    it('reads with every key and writes with the first', async () => {
      const rotated = await vaultWith('sha1', ['the-new-key-000000000000000000001', keys.deterministic]);
      expect(rotated.open(short.envelope, HOOK_ID)).toBe(short.text);
      const sealed = rotated.seal(short.text);
      expect(sealed).not.toBe(short.envelope);
      expect(rotated.open(sealed, HOOK_ID)).toBe(short.text);
      expect(reasonOf(() => vaults.sha1.open(sealed, HOOK_ID))).toBe('unknown_key_reference');
    });
  });

  describe('what cannot be read', () => {
    const flipFirstByte = (value: string): string => {
      const bytes = Buffer.from(value, 'base64');
      bytes[0] = bytes[0]! ^ 1;
      return bytes.toString('base64');
    };

    it.each<[string, string, string]>([
      ['a tampered ciphertext', altered(short.envelope, (e) => (e.p = flipFirstByte(e.p))), 'not_authentic'],
      ['a tampered tag', altered(short.envelope, ({ h }) => (h.at = flipFirstByte(h.at))), 'not_authentic'],
      ['a tampered IV', altered(short.envelope, ({ h }) => (h.iv = flipFirstByte(h.iv))), 'not_authentic'],
      [
        'an unknown key reference',
        altered(short.envelope, ({ h }) => (h.i = 'ZmZmZg==')),
        'unknown_key_reference',
      ],
      ['a false h.c', altered(short.envelope, ({ h }) => (h.c = true)), 'not_compressed'],
      [
        'a false h.c without reference',
        altered(short.envelope, ({ h }) => ((h.c = true), delete h.i)),
        'not_compressed',
      ],
      ['a missing h.c', altered(long.envelope, ({ h }) => delete h.c), 'not_text'],
      ['a tag of 15 bytes', altered(short.envelope, ({ h }) => (h.at = cut(h.at, 15))), 'invalid_tag_length'],
      ['a tag of 4 bytes', altered(short.envelope, ({ h }) => (h.at = cut(h.at, 4))), 'invalid_tag_length'],
      ['an IV of 11 bytes', altered(short.envelope, ({ h }) => (h.iv = cut(h.iv, 11))), 'malformed_envelope'],
      [
        'base64 with foreign characters',
        altered(short.envelope, (e) => (e.p = '*' + e.p)),
        'malformed_envelope',
      ],
      [
        'a key reference that is no base64',
        altered(short.envelope, ({ h }) => (h.i = '?')),
        'malformed_envelope',
      ],
      ['an envelope cut at its end', long.envelope.slice(0, -20), 'malformed_envelope'],
      ['an envelope cut at its start', long.envelope.slice(5), 'malformed_envelope'],
      ['JSON that is no envelope', '{"access_token":"x"}', 'malformed_envelope'],
      ['headers that are no object', '{"p":"","h":[]}', 'malformed_envelope'],
    ])('is %s', (_case, stored, reason) => {
      expect(reasonOf(() => vaults.sha1.open(stored, HOOK_ID))).toBe(reason);
    });

    it('is a value sealed with another key', async () => {
      const other = await vaultWith('sha1', ['other-deterministic'], ['other-primary']);
      const anonymous = altered(short.envelope, ({ h }) => delete h.i);
      expect(reasonOf(() => other.open(short.envelope, HOOK_ID))).toBe('unknown_key_reference');
      expect(reasonOf(() => other.open(anonymous, HOOK_ID))).toBe('not_authentic');
    });

    it('names the hook and the reason, and nothing of the value', () => {
      const tampered = altered(short.envelope, (e) => (e.p = flipFirstByte(e.p)));
      let caught: unknown;
      try {
        vaults.sha1.open(tampered, HOOK_ID);
      } catch (error) {
        caught = error;
      }
      expect(caught).toMatchObject({
        code: 'token_unreadable',
        subject: { hook_id: 7 },
        fields: { hook_id: 7 },
      });
      const shown = JSON.stringify(caught, Object.getOwnPropertyNames(caught));
      expect(shown).not.toContain((JSON.parse(tampered) as Sealed).p);
      expect(shown).not.toContain(short.text);
    });
  });
});

function cut(base64: string, bytes: number): string {
  return Buffer.from(base64, 'base64').subarray(0, bytes).toString('base64');
}
