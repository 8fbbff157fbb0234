import { randomBytes } from 'node:crypto';
import { type Collection } from './collection.js';
import { newHexId } from './identifiers.js';
import { type AuthorizationCode, type Grant, type StoredToken } from './model.js';
import { newTokenText, tokenKey } from './token-text.js';

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  refreshTokenId: string;
  expiresInSeconds: number;
}

export interface TokenRecords {
  access: Collection<StoredToken>;
  refresh: Collection<StoredToken>;
  codes: Collection<AuthorizationCode>;
}

/** HL 2.5: a year, if unused. */
const REFRESH_LIFETIME_MS = 365 * 24 * 60 * 60 * 1000;
/** Not documented; the diagram that names one says 15 minutes (HL 2.1). */
const CODE_LIFETIME_MS = 15 * 60 * 1000;

/** Codes and tokens: who holds which, and until when. Codes and refresh tokens work once. */
export class Tokens {
  constructor(
    private readonly records: TokenRecords,
    private readonly now: () => number,
    private readonly lifetimeSeconds: () => number,
  ) {
    this.dropExpired();
  }

  issue(grant: Grant): TokenPair {
    const now = this.now();
    const expiresInSeconds = this.lifetimeSeconds();
    const accessExpiry = now + expiresInSeconds * 1000;
    const refreshExpiry = now + REFRESH_LIFETIME_MS;
    const accessToken = newTokenText('access', grant, now, accessExpiry);
    const refreshToken = newTokenText('refresh', grant, now, refreshExpiry);
    this.records.access.set(tokenKey(accessToken), { grant, expiresAt: accessExpiry });
    this.records.refresh.set(tokenKey(refreshToken), { grant, expiresAt: refreshExpiry });
    return { accessToken, refreshToken, refreshTokenId: newHexId(), expiresInSeconds };
  }

  /** What an access token that is still good stands for. */
  grantOf(accessToken: string): Grant | undefined {
    return this.living(this.records.access.get(tokenKey(accessToken)))?.grant;
  }

  /** Looks without using it up: a suspended location's token stays good (HL 2.6). */
  grantOfRefresh(refreshToken: string): Grant | undefined {
    return this.living(this.records.refresh.get(tokenKey(refreshToken)))?.grant;
  }

  /** Uses the refresh token up; undefined for all callers but the first. */
  takeRefresh(refreshToken: string): Grant | undefined {
    return this.living(this.records.refresh.take(tokenKey(refreshToken)))?.grant;
  }

  issueCode(grant: Grant, redirectUri?: string): { code: string; expiresAt: number } {
    const code = randomBytes(20).toString('hex');
    const expiresAt = this.now() + CODE_LIFETIME_MS;
    this.records.codes.set(tokenKey(code), { grant, expiresAt, redirectUri });
    return { code, expiresAt };
  }

  /** Uses the code up; `expired` when it came too late, undefined when there is none. */
  takeCode(code: string): AuthorizationCode | 'expired' | undefined {
    const found = this.records.codes.take(tokenKey(code));
    return found && (this.living(found) ?? 'expired');
  }

  revokeAccess(accessToken: string): void {
    this.records.access.delete(tokenKey(accessToken));
  }

  /** Ends every token of the grants that match. @returns how many */
  revokeWhere(matches: (grant: Grant) => boolean, kinds: 'access' | 'all' = 'all'): number {
    const collections =
      kinds === 'access'
        ? [this.records.access]
        : [this.records.access, this.records.refresh, this.records.codes];
    return collections
      .flatMap((tokens) => tokens.entries().map(([key, { grant }]) => matches(grant) && tokens.delete(key)))
      .filter(Boolean).length;
  }

  private living<T extends StoredToken>(token: T | undefined): T | undefined {
    return token && token.expiresAt > this.now() ? token : undefined;
  }

  private dropExpired(): void {
    for (const tokens of Object.values(this.records) as Collection<StoredToken>[]) {
      for (const [key, token] of tokens.entries()) if (!this.living(token)) tokens.delete(key);
    }
  }
}
