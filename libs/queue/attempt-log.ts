/** How an attempt ended: it will be tried again, it will not, or its worker died. */
export type AttemptOutcome = 'failed' | 'dead' | 'lease_expired';

/** One attempt that did not succeed, as `attempt_log` keeps it. */
export interface AttemptEntry {
  /** ISO 8601. */
  readonly at: string;
  /** Counted from 1 since the row came, or was last replayed. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
  /** As `storedFailure` makes it. */
  readonly error: string;
}

/** One life of a row has 24 attempts; of those before its last replay the latest are kept. */
const MAX_ENTRIES = 40;

/**
 * SQL for `set attempt_log = …`: the log with this attempt at its end and the oldest ones beyond the bound left out.
 * @param error SQL that yields what `storedFailure` made, for example a parameter
 */
export function withAttempt(outcome: AttemptOutcome, error: string): string {
  return `jsonb_path_query_array(coalesce(attempt_log, '[]'), '$[last - ${MAX_ENTRIES - 2} to last]')
          || jsonb_build_object('at', now(), 'attempt', attempts, 'outcome', '${outcome}', 'error', ${error})`;
}
