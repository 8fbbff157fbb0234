import { Injectable, Logger } from '@nestjs/common';
import { DomainError, Unavailable } from '#libs/errors';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { type Renewal } from './token-renewal.js';
import { HighLevelUnavailable, NotConnected } from './connection-errors.js';
import { failureError, pendingFailure, recordedFailure } from './refresh-failure.js';
import { isLockTimeout } from './sql-failures.js';
import {
  assertConnected,
  isFresh,
  lifetimeMs,
  type RecordedFailure,
  type StoredTokens,
  type TokenRow,
} from './stored-tokens.js';

/** What a caller needs a token for. */
export interface RefreshNeed {
  /** The access token the caller read before it came here; another one was renewed meanwhile. */
  readonly seen: string | undefined;
  /** A token that lasts longer than this (milliseconds) needs no renewal. */
  readonly marginMs: number;
  /** A token that will not do however long it lasts. */
  readonly rejected?: string | undefined;
  /** A person asks: the waiting time after a failure does not apply. */
  readonly asked?: boolean;
}

/** What an exchange came to, once it is committed. */
type Settled =
  | { readonly token: string; readonly failure?: undefined }
  | { readonly error: Error; readonly failure: RecordedFailure };

/** How long one call of the token endpoint may take. */
export const OAUTH_TIMEOUT_MS = 10_000;
/**
 * The lock is held over at most so many of them: refresh, the same again, reconnect, its code; and where the agency
 * mints the token instead, as many for the agency's own token, and the minting.
 */
const MOST_CALLS = 9;
/** Who waits for the lock waits longer than that, and PostgreSQL ends the transaction of a process that hangs later still. */
const LOCK_TIMEOUT_MS = MOST_CALLS * OAUTH_TIMEOUT_MS + 10_000;
const STATEMENT_TIMEOUT_MS = LOCK_TIMEOUT_MS + 5_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = LOCK_TIMEOUT_MS + 10_000;
/** When a caller may ask again whose wait for the lock timed out. */
const BUSY_RETRY_MS = 30_000;

/** The pair exists in memory only: about half a minute of tries, the first ones at once. */
const COMMIT_ATTEMPTS = 10;
const FIRST_COMMIT_DELAY_MS = 50;
const MAX_COMMIT_DELAY_MS = 5_000;

/** One exchange with HighLevel under the lock of a row, held from before the request until after the commit. */
@Injectable()
export class LockedRefresh {
  private readonly logger = new Logger(LockedRefresh.name);

  constructor(private readonly database: DataSource) {}

  /**
   * The access token that meets the need, renewed only if nobody else did it first.
   * @param renew asks HighLevel; it touches no row that is locked here
   * @throws NotConnected, ReauthorizationRequired, LocationSuspended, HighLevelUnavailable, TokenUnreadable, Unavailable
   */
  async run(
    row: TokenRow,
    need: RefreshNeed,
    renew: (stored: StoredTokens) => Promise<Renewal>,
  ): Promise<string> {
    const runner = this.database.createQueryRunner();
    let stored: StoredTokens | undefined;
    let renewal: Renewal;
    try {
      await begin(runner);
      stored = await this.lock(row, runner.manager);
      assertConnected(stored);
      const token = usableToken(stored, need);
      if (token !== undefined) return token;
      const pending = need.asked ? undefined : pendingFailure(stored, new Date());
      if (pending) throw pending;
      renewal = await renew(stored);
      try {
        const settled = await this.settle(row, runner.manager, stored, renewal);
        await runner.commitTransaction();
        row.announce(stored, settled.failure);
        return unwrap(settled);
      } catch (error) {
        if (!isDatabaseError(error)) throw error;
        this.logger.warn({
          msg: 'A refreshed token was not committed; trying another connection',
          ...row.facts,
        });
      }
    } finally {
      await end(runner);
    }
    return unwrap(await this.settleElsewhere(row, stored, renewal));
  }

  /** A wait that times out is answered like a HighLevel that does not answer. */
  private async lock(row: TokenRow, manager: EntityManager): Promise<StoredTokens | undefined> {
    try {
      return await row.lock(manager);
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      throw new HighLevelUnavailable(row.subject, 'refresh_under_way', new Date(Date.now() + BUSY_RETRY_MS));
    }
  }

  /** Writes what the exchange came to. The caller holds the lock and commits. */
  private async settle(
    row: TokenRow,
    manager: EntityManager,
    stored: StoredTokens,
    renewal: Renewal,
  ): Promise<Settled> {
    const facts = { ...row.facts, accountId: stored.accountId };
    const at = new Date();
    if ('pair' in renewal) {
      await row.store(manager, stored, renewal.pair, at);
      this.logger.log({ msg: 'Refreshed the HighLevel token', ...facts });
      return { token: renewal.pair.accessToken };
    }
    const failure = recordedFailure(stored, renewal.failure, at);
    await row.fail(manager, stored, failure, at);
    const { reason, state } = failure;
    this.logger.warn({ msg: 'The HighLevel token was not refreshed', ...facts, reason, state });
    return { error: failureError(stored.subject, failure, at), failure };
  }

  /**
   * The connection died between HighLevel's answer and the commit, and the lock with it: nothing else is done before
   * the new pair is stored. Where another process stored one meanwhile (or the commit did arrive), that one counts.
   */
  private async settleElsewhere(row: TokenRow, stored: StoredTokens, renewal: Renewal): Promise<Settled> {
    for (let attempt = 0; attempt < COMMIT_ATTEMPTS; attempt += 1) {
      await pause(Math.min(FIRST_COMMIT_DELAY_MS * 2 ** attempt, MAX_COMMIT_DELAY_MS));
      const runner = this.database.createQueryRunner();
      try {
        await begin(runner);
        const current = await row.lock(runner.manager);
        assertConnected(current);
        if (current.refreshToken !== stored.refreshToken || current.accessToken !== stored.accessToken) {
          if (current.accessToken === undefined) throw new NotConnected();
          return { token: current.accessToken };
        }
        const settled = await this.settle(row, runner.manager, stored, renewal);
        await runner.commitTransaction();
        row.announce(stored, settled.failure);
        return settled;
      } catch (error) {
        if (!isDatabaseError(error)) throw error;
        this.logger.warn({ msg: 'A refreshed token is still not committed', ...row.facts, attempt });
      } finally {
        await end(runner);
      }
    }
    this.logger.error({ msg: 'A refreshed token could not be committed and is lost', ...row.facts });
    throw new Unavailable('postgresql');
  }
}

/** The stored token, if it meets the need already. */
function usableToken(stored: StoredTokens, { seen, marginMs, rejected }: RefreshNeed): string | undefined {
  const { accessToken } = stored;
  if (accessToken === rejected) return undefined;
  const renewedMeanwhile = accessToken !== seen && lifetimeMs(stored) > 0;
  return isFresh(stored, marginMs) || renewedMeanwhile ? accessToken : undefined;
}

async function begin(runner: QueryRunner): Promise<void> {
  await runner.startTransaction();
  await runner.query(
    `select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true),
            set_config('idle_in_transaction_session_timeout', $3, true)`,
    [LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS, IDLE_IN_TRANSACTION_TIMEOUT_MS].map(String),
  );
}

/** Ends what is still open. On a dead connection there is nothing to roll back. */
async function end(runner: QueryRunner): Promise<void> {
  try {
    if (runner.isTransactionActive && !runner.isReleased) await runner.rollbackTransaction();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
  } finally {
    await runner.release();
  }
}

function unwrap(settled: Settled): string {
  if ('error' in settled) throw settled.error;
  return settled.token;
}

/** Only statements and commits run where this is asked: what is none of our own errors comes from the database. */
function isDatabaseError(error: unknown): boolean {
  return !(error instanceof DomainError) || error instanceof Unavailable;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
