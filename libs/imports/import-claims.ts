import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ContactImport, type ImportCounts } from '#libs/database';
import { LeaseLost } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';

/**
 * A worker that died leaves its import to the next one after this; one that lives renews it with each page, which may
 * wait a minute for the rate budget and 15 s for its answer.
 */
const LEASE_SECONDS = 120;

/** An import in the hands of one worker. */
export interface ClaimedImport {
  readonly id: number;
  readonly leaseToken: string;
  /** When it was claimed, by PostgreSQL's clock. */
  readonly at: Date;
}

/** What a page has come to. */
export interface PageDone {
  readonly total: number | undefined;
  readonly counts: Partial<ImportCounts>;
  readonly phase: ContactImport['phase'];
  /** Where the next page of that phase begins; null for its first one. */
  readonly next: readonly unknown[] | null;
  /** Nothing is left to do. */
  readonly isLast: boolean;
  readonly elapsedMs: number;
}

const OURS = `id = $1 and lease_token = $2 and state = 'running'`;

/** Rows of `ghl.imports`: claimed under a lease, advanced by compare-and-set. */
@Injectable()
export class ImportClaims {
  constructor(private readonly database: DataSource) {}

  /** Takes the import that has been due for longest, if any. */
  async claim(): Promise<ClaimedImport | undefined> {
    const leaseToken = randomUUID();
    const [[row]] = await this.database.query<[{ id: number; at: Date }[], number]>(
      `update ghl.imports
          set state = 'running', lease_token = $1, lease_until = now() + make_interval(secs => $2),
              attempts = attempts + 1, updated_at = now()
        where id = (select id from ghl.imports
                     where state in ('queued', 'running') and next_attempt_at <= now()
                       and (lease_until is null or lease_until <= now())
                     order by next_attempt_at limit 1 for update skip locked)
       returning id, now() as at`,
      [leaseToken, LEASE_SECONDS],
    );
    return row && { ...row, leaseToken };
  }

  /** The import as it is. @throws LeaseLost when it was paused, ended or taken over */
  async read(manager: EntityManager, { id, leaseToken }: ClaimedImport): Promise<ContactImport> {
    const found = await manager.findOneBy(ContactImport, { id, leaseToken, state: 'running' });
    if (!found) throw new LeaseLost();
    return found;
  }

  /**
   * In the transaction that writes the page's contacts. The next page does not wait until the disk has it: after a crash
   * of PostgreSQL the contacts and the place to go on from are those of the same page, an earlier one. The last page does.
   * @returns PostgreSQL's time
   * @throws LeaseLost when it was paused, ended or taken over
   */
  async advance(manager: EntityManager, { id, leaseToken }: ClaimedImport, page: PageDone): Promise<Date> {
    const { phase, next, isLast } = page;
    const [[row]] = await manager.query<[{ at: Date }[], number]>(
      `update ghl.imports
          set counts = $3, cursor = $4, total = coalesce($5, total), active_ms = active_ms + $6, attempts = 0, reason = null,
              phase = $9,
              state = case when $7 then 'completed' else state end, finished_at = case when $7 then now() end,
              lease_until = now() + make_interval(secs => $8), updated_at = now()
        where ${OURS}
       returning clock_timestamp() as at,
                 set_config('synchronous_commit', case when $7 then current_setting('synchronous_commit') else 'off' end, true)`,
      [
        id,
        leaseToken,
        page.counts,
        next && JSON.stringify(next),
        page.total ?? null,
        Math.round(page.elapsedMs),
        isLast,
        LEASE_SECONDS,
        phase,
      ],
    );
    if (!row) throw new LeaseLost();
    return row.at;
  }

  /** It goes on later, where it is. */
  async postpone(claimed: ClaimedImport, delayMs: number, reason: string | null): Promise<void> {
    await this.database.query(
      `update ghl.imports
          set next_attempt_at = now() + make_interval(secs => $3), reason = $4, lease_token = null, lease_until = null,
              updated_at = now()
        where ${OURS}`,
      [claimed.id, claimed.leaseToken, delayMs / 1000, reason],
    );
  }

  /** It has come as far as it may for now, which is no failure. */
  async rest(manager: EntityManager, claimed: ClaimedImport, delayMs: number, reason: string): Promise<void> {
    await manager.query(
      `update ghl.imports
          set next_attempt_at = now() + make_interval(secs => $3), reason = $4, attempts = 0, lease_token = null,
              lease_until = null, updated_at = now()
        where ${OURS}`,
      [claimed.id, claimed.leaseToken, delayMs / 1000, reason],
    );
  }

  /** It cannot go on. */
  async fail(claimed: ClaimedImport, reason: string): Promise<void> {
    await this.database.query(
      `update ghl.imports
          set state = 'failed', reason = $3, finished_at = now(), lease_token = null, lease_until = null, updated_at = now()
        where ${OURS}`,
      [claimed.id, claimed.leaseToken, reason],
    );
  }
}
