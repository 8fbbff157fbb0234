import { type PreparedStatement, runStatement } from '#libs/database';
import { text } from '#libs/i18n';
import { type EntityManager } from 'typeorm';
import { withAttempt } from './attempt-log.js';
import { storedFailure } from './failure.js';

/** How often a row is tried. With backoff up to an hour apart that is about half a day. */
export const MAX_ATTEMPTS = 24;

const WORKER_DIED = storedFailure(text('failure.worker_died'));

/** The inbox remembers every attempt; the outbox remembers the last error. */
const ALSO = {
  inbox: `, attempt_log = ${withAttempt('lease_expired', '$3::text')}`,
  outbox: '',
} as const;

const giveBack = (table: 'inbox' | 'outbox'): string => `
    update ghl.${table}
       set state = case when attempts >= $2 then 'dead' else 'failed' end,
           reason = case when attempts >= $2 then 'too_many_attempts' end,
           finished_at = case when attempts >= $2 then now() end,
           next_attempt_at = now(), lease_token = null, lease_until = null, last_error = $3::text${ALSO[table]}
     where hook_id = $1 and state = 'processing' and lease_until <= now()`;

const GIVE_BACK = { inbox: giveBack('inbox'), outbox: giveBack('outbox') } as const;

/** First keys of the advisory locks on claims, by hook: "ghl" and a number, as in pg_locks. */
const CLAIM_LOCKS = { inbox: 0x67686c14, outbox: 0x67686c12 } as const;

const BEGIN: PreparedStatement = {
  name: 'begin_claim',
  text: `select set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock($1, hashtext($2))`,
};

/**
 * What a claim of a hook's rows begins with, in its transaction: one claim of a lane at a time, and rows with which a
 * worker died are given back. One that dies every time must not do so for ever.
 *
 * The commit will wait for no disk: a claim that a crash of PostgreSQL loses leaves rows that are due, as they were, and
 * whatever is written down about claimed rows is committed after it.
 */
export async function beginClaim(
  manager: EntityManager,
  table: 'inbox' | 'outbox',
  hookId: number,
): Promise<void> {
  await Promise.all([
    runStatement(manager, BEGIN, [CLAIM_LOCKS[table], String(hookId)]),
    runStatement(manager, GIVE_BACK[table], [hookId, MAX_ATTEMPTS, WORKER_DIED]),
  ]);
}
