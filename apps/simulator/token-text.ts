import { createHash, randomBytes } from 'node:crypto';
import { newHexId } from './identifiers.js';
import { type Grant, resourceOf } from './model.js';

/** As long as an RS256 signature of a 4096-bit key: tokens are to be longer than 1 kB, as the real ones (HL 1.5). */
const SIGNATURE_BYTES = 512;

/**
 * A token that looks like HighLevel's: a JWT with the claims seen in public samples and an RS256 header.
 * Its signature is random, because callers must take tokens as opaque and nobody holds a key to verify them.
 */
export function newTokenText(
  kind: 'access' | 'refresh',
  grant: Grant,
  issuedAt: number,
  expiresAt: number,
): string {
  const claims = {
    authClass: grant.userType,
    authClassId: resourceOf(grant),
    source: 'INTEGRATION',
    sourceId: newHexId(),
    channel: 'OAUTH',
    primaryAuthClassId: resourceOf(grant),
    oauthMeta: { scopes: grant.scope.split(' '), kind },
    iat: seconds(issuedAt),
    exp: seconds(expiresAt),
    jti: newHexId(),
  };
  const signature = randomBytes(SIGNATURE_BYTES).toString('base64url');
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}.${signature}`;
}

/** Tokens are kept as digests: what lies on the disk opens nothing. */
export function tokenKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
