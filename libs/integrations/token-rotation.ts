import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { DataSource } from 'typeorm';
import { type TokenCell, type TokenTable, tokenTables } from './token-tables.js';
import { nameOfSubject } from './token-subject.js';
import { TokenUnreadable } from './token-unreadable.js';
import { TokenVault } from './token-vault.js';

/** Rows read in one statement; each is written by itself, so that nobody waits for a batch. */
const BATCH_SIZE = 200;
/** A refresh holds its row for seconds. What was busy is looked at again so often, after a pause (milliseconds). */
const PASSES = 10;
const PAUSE_MS = 3_000;

/** What became of the rows that hold tokens. */
export interface RotationReport {
  /** Are as they should be now, whoever made them so. */
  readonly current: number;
  /** Of these, what this run has written. */
  readonly rewritten: number;
  /** Open with none of the configured keys; each is in the log with its hook or agency. */
  readonly unreadable: number;
  /** Were being refreshed each time they were looked at; another run finds them. */
  readonly busy: number;
}

type RowOutcome = 'current' | 'rewritten' | 'unreadable' | 'busy';

/**
 * Brings every stored token under the newest key, while the system runs. Where it has come is in the rows themselves: a
 * run that was ended goes on with those that are left.
 */
@Injectable()
export class TokenRotation {
  private readonly logger = new Logger(TokenRotation.name);

  constructor(
    private readonly database: DataSource,
    private readonly vault: TokenVault,
    private readonly config: AppConfig,
  ) {}

  async run(): Promise<RotationReport> {
    const total = { current: 0, rewritten: 0, unreadable: 0, busy: 0 };
    for (const table of tokenTables(this.config.ghl.encryptRefreshToken)) {
      const counts = await this.rotateTable(table);
      total.current += counts.current + counts.rewritten;
      total.rewritten += counts.rewritten;
      total.unreadable += counts.unreadable;
      total.busy += counts.busy;
    }
    this.logger.log({ msg: 'Rotated the stored tokens', ...total });
    return total;
  }

  /** Once over all rows, and then over those again that were busy. */
  private async rotateTable(table: TokenTable): Promise<Record<RowOutcome, number>> {
    const counts = { current: 0, rewritten: 0, unreadable: 0, busy: 0 };
    let busy: string[] = [];
    for (let after: string | undefined; ;) {
      const rows = await table.after(this.database, after, BATCH_SIZE);
      for (const cells of rows) {
        const outcome = await this.rotateRow(table, cells);
        counts[outcome] += 1;
        if (outcome === 'busy') busy.push(cells.key);
      }
      after = rows.at(-1)?.key;
      if (after === undefined) break;
    }
    for (let pass = 1; busy.length > 0 && pass < PASSES; pass += 1) {
      await pause(PAUSE_MS);
      const again = busy;
      busy = [];
      counts.busy = 0;
      for (const key of again) {
        const cells = await table.find(this.database, key);
        const outcome = cells ? await this.rotateRow(table, cells) : 'current';
        counts[outcome] += 1;
        if (outcome === 'busy') busy.push(key);
      }
    }
    return counts;
  }

  private async rotateRow(table: TokenTable, row: TokenCell): Promise<RowOutcome> {
    const { accessToken, refreshToken, subject } = row;
    try {
      const wanted = {
        accessToken: this.rewritten(accessToken, true, row),
        refreshToken: this.rewritten(refreshToken, table.sealsRefreshToken, row),
      };
      if (wanted.accessToken === accessToken && wanted.refreshToken === refreshToken) return 'current';
      return (await table.replace(this.database, row, wanted)) ? 'rewritten' : 'busy';
    } catch (error) {
      if (!(error instanceof TokenUnreadable)) throw error;
      const { reason } = error;
      this.logger.error({ msg: `A token of ${nameOfSubject(subject)} cannot be read`, ...subject, reason });
      return 'unreadable';
    }
  }

  /** The value as it would be written today; the same one where it is that already. @throws TokenUnreadable */
  private rewritten(stored: string | null, seals: boolean, { subject }: TokenCell): string | null {
    if (stored === null || this.vault.isCurrent(stored, seals)) return stored;
    const clear = this.vault.open(stored, subject);
    return seals ? this.vault.seal(clear) : clear;
  }
}
