import { Injectable, Logger } from '@nestjs/common';
import { isDataFault, type PreparedStatement, queryPrepared } from '#libs/database';
import { Throttled } from '#libs/errors';
import { GroupCommit, WakeUps } from '#libs/queue';
import { DataSource } from 'typeorm';
import { type RawDelivery } from './delivery.js';
import { IntakeMetrics } from './intake-metrics.js';
import { IntakeOutage } from './intake-outage.js';
import { notStored } from './not-stored.js';

/** One commit's worth; PostgreSQL takes far more, but the first of a group waits for the last. */
const MAX_GROUP_DELIVERIES = 500;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/** Bodies that may wait in memory for the disk. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** The journal is one, and no hook's: what its lane is rung with. */
export const JOURNAL = 0;

/** A row for all that share a commit. Prepared, because planning it would take longer than storing a delivery. */
const APPEND: PreparedStatement = {
  name: 'ghl_intake_append',
  text: 'insert into ghl.intake_journal (lengths, delivery_ids, bodies) values ($1, $2, $3)',
};

/**
 * Where deliveries are durable first, as they came: what they are and whose is worked out by `DeliveryFiling`, which
 * nobody waits for.
 */
@Injectable()
export class DeliveryJournal {
  private readonly logger = new Logger(DeliveryJournal.name);
  private readonly commits = new GroupCommit<RawDelivery>({
    write: (deliveries) => this.write(deliveries),
    isItemsFault: isDataFault,
    maxItems: MAX_GROUP_DELIVERIES,
    memory: {
      sizeOf: ({ body }) => body.length,
      maxBytes: MAX_GROUP_BYTES,
      maxWaitingBytes: MAX_WAITING_BYTES,
      onFull: () => {
        this.outage.refused();
        return notStored();
      },
    },
  });

  constructor(
    private readonly database: DataSource,
    private readonly wakeUps: WakeUps,
    private readonly outage: IntakeOutage,
    private readonly metrics: IntakeMetrics,
  ) {}

  /**
   * Resolves when the delivery is committed.
   * @throws Throttled when it could not be stored: whoever sent it is to send it again
   */
  async accept(delivery: RawDelivery): Promise<void> {
    const startedAt = performance.now();
    try {
      await this.commits.add(delivery);
      this.metrics.acknowledged(performance.now() - startedAt);
    } catch (error) {
      this.metrics.refused('not_stored');
      if (error instanceof Throttled) throw error;
      this.logger.error({ msg: 'A delivery could not be stored', reason: reasonOf(error) });
      throw notStored();
    }
  }

  private async write(deliveries: readonly RawDelivery[]): Promise<void> {
    const triedAt = performance.now();
    try {
      await queryPrepared(this.database, APPEND, [
        deliveries.map(({ body }) => body.length),
        // Next to no delivery has one: an empty list then.
        deliveries.some(({ deliveryId }) => deliveryId !== null)
          ? deliveries.map(({ deliveryId }) => deliveryId)
          : [],
        Buffer.concat(deliveries.map(({ body }) => body)),
      ]);
    } catch (error) {
      if (!isDataFault(error)) this.outage.refused(triedAt);
      throw error;
    }
    this.metrics.committed(deliveries.length);
    this.wakeUps.ring('intake', JOURNAL);
    if (this.outage.isOpen) await this.outage.stored();
  }
}

/** The driver's message names parameters' positions, never their values. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown';
}
