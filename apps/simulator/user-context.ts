import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** Who is in HighLevel's frame, and where (HL 8.3). */
export interface UserContext {
  userId: string;
  companyId: string;
  role: 'admin' | 'user';
  /** `location` for somebody of a sub-account, whom the users API calls `account`. */
  type: 'agency' | 'location';
  /** Absent in the agency view. */
  activeLocation?: string;
  userName: string;
  email: string;
  isAgencyOwner: boolean;
}

const CIPHER = 'aes-256-cbc';
const KEY_BYTES = 32;
const IV_BYTES = 16;
const SALT_BYTES = 8;

/**
 * The context as HighLevel hands it to the page in its frame: CryptoJS' passphrase mode, which is OpenSSL's older
 * `enc` format (HL 8.2).
 * @param salt 8 bytes; only a test has reason to choose them
 */
export function sealUserContext(
  context: UserContext,
  secret: string,
  salt = randomBytes(SALT_BYTES),
): string {
  const { key, iv } = deriveKey(Buffer.from(secret), salt);
  const cipher = createCipheriv(CIPHER, key, iv);
  const sealed = [cipher.update(JSON.stringify(context), 'utf8'), cipher.final()];
  return Buffer.concat([Buffer.from('Salted__'), salt, ...sealed]).toString('base64');
}

/** EVP_BytesToKey with MD5 and one iteration: each digest covers the one before it. */
function deriveKey(passphrase: Buffer, salt: Buffer): { key: Buffer; iv: Buffer } {
  let digest = Buffer.alloc(0);
  let derived = Buffer.alloc(0);
  while (derived.length < KEY_BYTES + IV_BYTES) {
    digest = createHash('md5').update(digest).update(passphrase).update(salt).digest();
    derived = Buffer.concat([derived, digest]);
  }
  return { key: derived.subarray(0, KEY_BYTES), iv: derived.subarray(KEY_BYTES, KEY_BYTES + IV_BYTES) };
}
