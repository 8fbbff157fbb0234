import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { compare } from 'bcryptjs';
import { type UserRecord, Users } from './users.js';

/** bcrypt reads no further; DeskFlow's tokens have 22 characters. */
const MAX_TOKEN_BYTES = 72;
/** Enough for the dashboards of one installation; an entry has about 150 bytes. */
const REMEMBERED_MATCHES = 2_000;
const REMEMBERED_MS = 300_000;

/** The three headers of a dashboard sign-in (devise_token_auth). */
export interface DeviseHeaders {
  readonly accessToken: string;
  readonly client: string;
  readonly uid: string;
}

interface TokenEntry {
  token?: unknown;
  previous_token?: unknown;
  expiry?: unknown;
}

/**
 * Verifies dashboard sign-ins against `users.tokens` as devise_token_auth does (DM 3). bcrypt is slow by design and the
 * dashboard sends its headers with every call, so a match is remembered: not "this caller is signed in", which signing
 * out would have to undo, but "this token has that hash", which stays true.
 */
@Injectable()
export class DeviseTokens {
  private readonly matches = new Map<string, number>();

  constructor(private readonly users: Users) {}

  async verify(headers: DeviseHeaders): Promise<UserRecord | undefined> {
    if (Buffer.byteLength(headers.accessToken) > MAX_TOKEN_BYTES) return undefined;
    const user = await this.users.findByUid(headers.uid);
    const entry = user && entryOf(user.tokens, headers.client);
    if (!entry || !isCurrent(entry.expiry)) return undefined;
    for (const hash of [entry.token, entry.previous_token]) {
      if (typeof hash === 'string' && (await this.matchesHash(headers.accessToken, hash))) return user;
    }
    return undefined;
  }

  private async matchesHash(token: string, hash: string): Promise<boolean> {
    const key = createHash('sha256').update(`${token}\0${hash}`).digest('base64');
    const until = this.matches.get(key);
    if (until !== undefined && until > Date.now()) return true;

    this.matches.delete(key);
    if (!(await compare(token, hash).catch(() => false))) return false;
    if (this.matches.size >= REMEMBERED_MATCHES) this.forgetOldest();
    this.matches.set(key, Date.now() + REMEMBERED_MS);
    return true;
  }

  private forgetOldest(): void {
    const oldest = this.matches.keys().next();
    if (!oldest.done) this.matches.delete(oldest.value);
  }
}

/** A json column with a JSON text in it is parsed once by the driver and once here; a plain object is taken as it is. */
function entryOf(tokens: unknown, client: string): TokenEntry | undefined {
  const all = typeof tokens === 'string' ? parseJson(tokens) : tokens;
  if (typeof all !== 'object' || all === null || !Object.hasOwn(all, client)) return undefined;
  const entry = (all as Record<string, unknown>)[client];
  return typeof entry === 'object' && entry !== null ? entry : undefined;
}

function isCurrent(expiry: unknown): boolean {
  return (typeof expiry === 'number' || typeof expiry === 'string') && Number(expiry) * 1_000 > Date.now();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
