import { NotConnected, ReauthorizationRequired } from './connection-errors.js';
import { type ConnectionHealth } from './connections.js';

/** The token pair of one hook in clear, with what is needed to renew it. Lives in memory only. */
export interface StoredTokens {
  readonly hookId: number;
  readonly accountId: number;
  readonly locationId: string;
  readonly enabled: boolean;
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly connection: ConnectionHealth;
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
  const grantedAt = tokens.connection.lastRefreshedAt;
  const granted = grantedAt && tokens.expiresAt ? tokens.expiresAt.getTime() - grantedAt.getTime() : Infinity;
  return tokens.accessToken !== undefined && lifetimeMs(tokens) > Math.min(marginMs, granted / 2);
}

/** @throws NotConnected when the hook is gone, disabled or uninstalled; ReauthorizationRequired */
export function assertConnected(tokens: StoredTokens | undefined): asserts tokens is StoredTokens {
  if (!tokens?.enabled || tokens.connection.state === 'uninstalled') throw new NotConnected();
  const { state, reason, since } = tokens.connection;
  if (state === 'reauthorization_required') {
    throw new ReauthorizationRequired(tokens.hookId, reason ?? 'unknown', since ?? new Date());
  }
}
