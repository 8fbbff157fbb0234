import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Ids of locations, contacts, users and fields look like this: 20 letters and digits. */
const ID_LENGTH = 20;

/** A new id in HighLevel's look. */
export function newId(): string {
  return spell(randomBytes(ID_LENGTH));
}

/** The same id for the same name, in every installation: seeds need no list of ids. */
export function seededId(name: string): string {
  return spell(createHash('sha256').update(`deskflow-ghl simulator ${name}`).digest().subarray(0, ID_LENGTH));
}

/** 24 hex digits: app versions, refresh token ids, traces. */
export function newHexId(): string {
  return randomBytes(12).toString('hex');
}

/** Slightly uneven (256 is no multiple of 62), which ids that guard nothing may be. */
function spell(bytes: Buffer): string {
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
