import { createDecipheriv, createHash } from 'node:crypto';
import { isRecord, textOf } from './untyped-json.js';

/** Who looks at a page of HighLevel's that shows one of ours in a frame (HL 8.3). Encrypted, but not authenticated. */
export interface UserContext {
  readonly userId: string;
  readonly companyId: string;
  readonly email: string;
  /** Undefined while an agency is looked at instead of one of its locations. */
  readonly activeLocation: string | undefined;
}

/** A context with what tells it from all others. */
export interface OpenedUserContext {
  readonly context: UserContext;
  /**
   * HighLevel makes a new one for each request. An altered copy that still decrypts has its original's: with another
   * salt all of it is garbage.
   */
  readonly salt: Buffer;
}

/** OpenSSL's `enc` format, which is what CryptoJS writes (HL 8.2). */
const MAGIC = Buffer.from('Salted__');
const SALT_BYTES = 8;
const HEADER_BYTES = MAGIC.length + SALT_BYTES;
const BLOCK_BYTES = 16;
const KEY_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** No identifier of HighLevel's is longer, nor any e-mail address. */
const MAX_TEXT_LENGTH = 255;

/**
 * Reads the user context that HighLevel hands to a page in its frame (HL 8.2, 8.3).
 * @param payload base64
 * @param secrets shared secrets of the app: the present one and, while it is being changed, the one before
 * @returns undefined for what none of them opens, and for what is no user context
 */
export function openUserContext(payload: string, secrets: readonly string[]): OpenedUserContext | undefined {
  if (!BASE64.test(payload)) return undefined;
  const bytes = Buffer.from(payload, 'base64');
  const salt = bytes.subarray(MAGIC.length, HEADER_BYTES);
  const ciphertext = bytes.subarray(HEADER_BYTES);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0) return undefined;
  for (const secret of secrets) {
    const context = readContext(decrypt(ciphertext, secret, salt));
    if (context) return { context, salt };
  }
  return undefined;
}

/** A wrong secret mostly shows in the padding; the rest shows as text that is no JSON. */
function decrypt(ciphertext: Buffer, secret: string, salt: Buffer): string | undefined {
  const keyAndIv = bytesToKey(secret, salt, KEY_BYTES + BLOCK_BYTES);
  const decipher = createDecipheriv(
    'aes-256-cbc',
    keyAndIv.subarray(0, KEY_BYTES),
    keyAndIv.subarray(KEY_BYTES),
  );
  try {
    const plain = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    return undefined;
  }
}

/** OpenSSL's EVP_BytesToKey with MD5 and one iteration: weak, and HighLevel's choice. */
function bytesToKey(secret: string, salt: Buffer, length: number): Buffer {
  let digest = Buffer.alloc(0);
  let bytes = digest;
  while (bytes.length < length) {
    digest = createHash('md5').update(digest).update(secret, 'utf8').update(salt).digest();
    bytes = Buffer.concat([bytes, digest]);
  }
  return bytes.subarray(0, length);
}

function readContext(plain: string | undefined): UserContext | undefined {
  if (plain === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const userId = shortTextOf(value.userId);
  const companyId = shortTextOf(value.companyId);
  const email = shortTextOf(value.email);
  const activeLocation = shortTextOf(value.activeLocation);
  if (userId === undefined || companyId === undefined || email === undefined) return undefined;
  const isLocationGarbled = activeLocation === undefined && (value.activeLocation ?? '') !== '';
  return isLocationGarbled ? undefined : { userId, companyId, email, activeLocation };
}

function shortTextOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && text.length <= MAX_TEXT_LENGTH && !text.includes('\0') ? text : undefined;
}
