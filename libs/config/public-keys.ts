import { createPublicKey, type KeyObject } from 'node:crypto';

/** NIST SP 800-131A: shorter RSA keys no longer count as safe. */
const RSA_MIN_BITS = 2048;

export type PublicKeyType = 'ed25519' | 'rsa';

const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END PUBLIC KEY-----/g;

/**
 * Reads one or several public keys of one type from a variable: PEM blocks (line ends may be written `\n`), or the
 * base64 of the SPKI separated by commas. Returns PEM texts, or undefined when any part is not such a key.
 */
export function parsePublicKeys(text: string, type: PublicKeyType): string[] | undefined {
  const unescaped = text.replaceAll('\\n', '\n');
  const blocks = unescaped.match(PEM_BLOCK) ?? [];
  const rest = blocks.length > 0 ? unescaped.replaceAll(PEM_BLOCK, '') : '';
  if (/[^\s,]/.test(rest)) return undefined;

  const keys = blocks.length > 0 ? blocks.map(fromPem) : splitList(text).map(fromBase64);
  if (keys.length === 0) return undefined;
  const pems: string[] = [];
  for (const key of keys) {
    if (key?.asymmetricKeyType !== type) return undefined;
    if (type === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_MIN_BITS) return undefined;
    pems.push(key.export({ type: 'spki', format: 'pem' }).toString());
  }
  return pems;
}

/** Splits at blanks and commas and drops empty parts. */
export function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '');
}

function fromPem(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

function fromBase64(text: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
