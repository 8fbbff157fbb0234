/**
 * First keys of PostgreSQL's two-integer advisory locks. DeskFlow and migration tools use the one-integer space,
 * which is separate. The number is the text "ghl" followed by a counter, so that it is recognised in pg_locks.
 */
export enum AdvisoryLock {
  /** Second key: hash of the location id. Held while a location is given to an account. */
  Location = 0x67686c01,
  /** Second key: 0. Held by the one process whose refresh cron is running. */
  TokenRefreshCron = 0x67686c02,
}
