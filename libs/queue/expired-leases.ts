import { runStatement } from '#libs/database';
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

/** A worker died with these rows of a hook. One that dies every time must not do so for ever. */
export async function giveBackExpired(
  manager: EntityManager,
  table: 'inbox' | 'outbox',
  hookId: number,
): Promise<void> {
  await runStatement(manager, GIVE_BACK[table], [hookId, MAX_ATTEMPTS, WORKER_DIED]);
}
