import { hkdfSync, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
/** Binds the derived key to its one use, so that it says nothing about other keys of the same source (RFC 5869). */
const PURPOSE = 'deskflow-ghl session tokens v1';

/** A signing secret that every process with the same encryption key arrives at. */
export function deriveSessionSecret(primaryKey: string): string {
  return Buffer.from(hkdfSync('sha256', primaryKey, '', PURPOSE, KEY_BYTES)).toString('base64url');
}

/** A signing secret of this process only: sessions end with it and other processes do not accept them. */
export function randomSessionSecret(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}
