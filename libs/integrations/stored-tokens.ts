import { type ConnectionState } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { NotConnected, ReauthorizationRequired } from './connection-errors.js';
import { type TokenPair } from './token-grant.js';
import { type TokenSubject } from './token-subject.js';

/** Whom the tokens are for at HighLevel. */
export type TokenHolder =
  | { readonly userType: 'Location'; readonly locationId: string; readonly companyId: string | undefined }
  | { readonly userType: 'Company'; readonly companyId: string };

/** How renewing has gone so far. */
export interface RefreshHealth {
  readonly state: ConnectionState;
  /** Why the state is what it is; a machine code. */
  readonly reason: string | null;
  readonly since: Date | null;
  readonly consecutiveFailures: number;
  readonly nextAttemptAt: Date | null;
  readonly lastRefreshedAt: Date | null;
}

/** How a failed refresh leaves a row. */
export interface RecordedFailure {
  readonly state: ConnectionState;
  readonly reason: string;
  readonly nextAttemptAt: Date | null;
}

/** The token pair of one row in clear, with what is needed to renew it. Lives in memory only. */
export interface StoredTokens {
  readonly subject: TokenSubject;
  readonly accountId: number;
  readonly holder: TokenHolder;
  readonly enabled: boolean;
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly health: RefreshHealth;
}

/** A row that holds a token pair: a hook's or an agency's. */
export interface TokenRow {
  /** Unlike that of any other row. */
  readonly key: string;
  readonly subject: TokenSubject;
  /** For log lines. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** @throws TokenUnreadable */
  find(manager: EntityManager): Promise<StoredTokens | undefined>;
  /** As `find`, and nobody else renews this row until the transaction ends. @throws TokenUnreadable */
  lock(manager: EntityManager): Promise<StoredTokens | undefined>;
  /** Stores a renewed pair and forgets earlier failures. The caller holds the row's lock. @throws Unavailable */
  store(manager: EntityManager, stored: StoredTokens, pair: TokenPair, at: Date): Promise<void>;
  /** Counts a failure and notes when to try again; the tokens stay (HL 2.5). The caller holds the row's lock. */
  fail(manager: EntityManager, stored: StoredTokens, failure: RecordedFailure, at: Date): Promise<void>;
  /** Tells others, once it is committed, how the row is doing. Must not throw. */
  announce(stored: StoredTokens, failure: RecordedFailure | undefined): void;
}

/** Milliseconds until the access token ends; none when nobody noted its end. */
export function lifetimeMs({ expiresAt }: StoredTokens): number {
  return expiresAt ? expiresAt.getTime() - Date.now() : 0;
}

/**
 * Whether the access token lasts longer than the margin.
 * The margin is at most half of the lifetime that was granted: tokens that live shorter than the margin would
 * otherwise be renewed at every use.
 */
export function isFresh(tokens: StoredTokens, marginMs: number): boolean {
  const grantedAt = tokens.health.lastRefreshedAt;
  const granted = grantedAt && tokens.expiresAt ? tokens.expiresAt.getTime() - grantedAt.getTime() : Infinity;
  return tokens.accessToken !== undefined && lifetimeMs(tokens) > Math.min(marginMs, granted / 2);
}

/** @throws NotConnected when the row is gone, disabled or uninstalled; ReauthorizationRequired */
export function assertConnected(tokens: StoredTokens | undefined): asserts tokens is StoredTokens {
  if (!tokens?.enabled || tokens.health.state === 'uninstalled') throw new NotConnected();
  const { state, reason, since } = tokens.health;
  if (state === 'reauthorization_required') {
    throw new ReauthorizationRequired(tokens.subject, reason ?? 'unknown', since ?? new Date());
  }
}
