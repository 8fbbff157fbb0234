import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** However often storing fails and works again meanwhile, a process writes one row in so long (milliseconds). */
const LEAST_BETWEEN_ROWS_MS = 60_000;

/**
 * The time in which this process refused deliveries because it could not store them. HighLevel is asked to repeat those,
 * and may not: when storing works again, the reconciling poll is asked to look at that time.
 */
@Injectable()
export class IntakeOutage {
  private readonly logger = new Logger(IntakeOutage.name);
  /** When it began, on the monotonic clock. */
  private since: number | undefined;
  private recordedAt = -Infinity;

  constructor(private readonly database: DataSource) {}

  /** Whether deliveries were refused since the last one that was recorded. */
  get isOpen(): boolean {
    return this.since !== undefined;
  }

  /**
   * A delivery could not be stored.
   * @param triedAt `performance.now()` of when that was tried: finding out may take half a minute
   */
  refused(triedAt = performance.now()): void {
    this.since ??= triedAt;
  }

  /**
   * A delivery was stored: writes down, once, for how long none was. Where that fails the next one tries again. Never
   * throws, as the delivery is stored.
   * @param now `performance.now()`
   */
  async stored(now = performance.now()): Promise<void> {
    const { since } = this;
    if (since === undefined || now - this.recordedAt < LEAST_BETWEEN_ROWS_MS) return;
    this.since = undefined;
    try {
      await this.database.query(
        `insert into ghl.reconcile_requests (reason, from_at, to_at)
         values ('intake_outage', now() - make_interval(secs => $1), now())`,
        [Math.max(now - since, 1) / 1_000],
      );
      this.recordedAt = now;
      this.logger.warn({ msg: 'Deliveries can be stored again', outageMs: Math.round(now - since) });
    } catch (error) {
      this.since = since;
      this.logger.warn({
        msg: 'Could not ask for a look at the time of the outage',
        reason: error instanceof Error ? error.message : '',
      });
    }
  }
}
