import { createHash, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

const pbkdf2Async = promisify(pbkdf2);

/** ActiveSupport's KeyGenerator default; derived once a key and kept, because one derivation takes about 20 ms. */
const ITERATIONS = 65_536;
const KEY_BYTES = 32;

export type KeyDigest = 'sha1' | 'sha256';

/** One AES-256 key and the name by which an envelope refers to it. */
export interface EncryptionKey {
  readonly secret: Buffer;
  /** Four hex digits of SHA-1 over the derived key, as ActiveRecord stores in `h.i` (DM 8). Not unique. */
  readonly reference: string;
}

/**
 * Derives a key as ActiveRecord::Encryption does: password and salt are the texts of the variables, not decoded.
 * Runs in the thread pool.
 */
export async function deriveKey(password: string, salt: string, digest: KeyDigest): Promise<EncryptionKey> {
  const secret = await pbkdf2Async(password, salt, ITERATIONS, KEY_BYTES, digest);
  return { secret, reference: createHash('sha1').update(secret).digest('hex').slice(0, 4) };
}
