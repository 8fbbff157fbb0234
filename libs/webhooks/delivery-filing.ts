import { Process, Processor } from '@nestjs/bull';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { isDataFault, type PreparedStatement, runStatement } from '#libs/database';
import { WakeUps } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';
import { asUnreadable, type Delivery, readDelivery } from './delivery.js';
import { type DeliveryRules, rulesOf } from './delivery-rules.js';
import { FilingMetrics } from './filing-metrics.js';
import { type Stored, storeInInbox } from './inbox-store.js';

/** Rows of the journal that are filed together, as long as their bodies are no more than so large. */
const ROWS_AT_ONCE = 64;
const BYTES_AT_ONCE = 1024 * 1024;

/** How long what nobody rang for, or whose filer died, lies in the journal at most (milliseconds). */
const LOOK_EVERY_MS = 1_000;
/** First key of the advisory lock of filing: "ghl" and a number, as in pg_locks. One at a time keeps the order. */
const FILING_LOCK = 0x67686c15;

const LOCK: PreparedStatement = { name: 'ghl_intake_lock', text: 'select pg_advisory_xact_lock($1)' };

/** Takes the oldest rows out: the first one however large it is. */
const TAKE = `
  delete from ghl.intake_journal j
   using (select id, sum(octet_length(bodies)) over (order by id) - octet_length(bodies) as bytes_before
            from (select id, bodies from ghl.intake_journal order by id limit ${ROWS_AT_ONCE}) oldest) oldest
   where j.id = oldest.id and oldest.bytes_before < ${BYTES_AT_ONCE}
  returning j.id, j.received_at as "receivedAt", j.lengths, j.delivery_ids as "deliveryIds", j.bodies`;

/** Stores deliveries in the caller's transaction. */
type Store = (manager: EntityManager, deliveries: readonly Delivery[]) => Promise<readonly Stored[]>;

/** What the deliveries of one commit left in the journal. */
interface JournalRow {
  readonly id: number;
  readonly receivedAt: Date;
  readonly lengths: readonly number[];
  /** Empty where none had one. */
  readonly deliveryIds: readonly (string | null)[];
  readonly bodies: Buffer;
}

/**
 * Files what was taken in: reads each delivery, drops what is there already, gives it to its hook and wakes that. In the
 * order of the journal, which keeps the order of arrival.
 */
@Injectable()
@Processor('intake')
export class DeliveryFiling implements OnModuleDestroy {
  private readonly logger = new Logger(DeliveryFiling.name);
  private isStopping = false;
  private isFiling = false;

  constructor(
    private readonly database: DataSource,
    private readonly config: AppConfig,
    private readonly globalConfig: GlobalConfigService,
    private readonly wakeUps: WakeUps,
    private readonly metrics: FilingMetrics,
  ) {}

  /** Works until the journal is empty, but for what comes meanwhile: that rings anew. */
  @Process()
  async work(): Promise<void> {
    this.isFiling = true;
    try {
      while (!this.isStopping && (await this.fileSome()));
    } finally {
      this.isFiling = false;
    }
  }

  /** Not by a wake-up: the queue would hold one back for as long as it believes in a filer that has died. */
  @Interval(LOOK_EVERY_MS)
  async workOnSchedule(): Promise<void> {
    if (this.isFiling) return;
    try {
      const waiting = await this.database.query<unknown[]>('select from ghl.intake_journal limit 1');
      if (waiting.length > 0) await this.work();
    } catch (error) {
      this.logger.warn({
        msg: 'Could not file what was taken in',
        reason: error instanceof Error ? error.message : '',
      });
    }
  }

  /** What is begun is finished; the rest waits in the journal. */
  onModuleDestroy(): void {
    this.isStopping = true;
  }

  /** Together; if one of them is to blame, each alone. @returns whether more may wait that nobody rings for */
  private async fileSome(): Promise<boolean> {
    try {
      return await this.file(async (manager, deliveries) => [await storeInInbox(manager, deliveries)]);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      return this.file((manager, deliveries) => this.storeEach(manager, deliveries));
    }
  }

  /** What is taken out of the journal is in the inbox when this is committed, and back in the journal if it is not. */
  private async file(store: Store): Promise<boolean> {
    const rules = rulesOf(this.config, await this.globalConfig.get('GHL_CLIENT_ID'));
    const { count, outcomes, isAll } = await this.database.transaction(async (manager) => {
      const [, { rows }] = await Promise.all([
        runStatement(manager, LOCK, [FILING_LOCK]),
        runStatement<JournalRow>(manager, TAKE, []),
      ]);
      const deliveries = rows
        .toSorted((one, other) => one.id - other.id)
        .flatMap((row) => deliveriesOf(row, rules));
      return {
        count: deliveries.length,
        outcomes: deliveries.length > 0 ? await store(manager, deliveries) : [],
        isAll: rows.length < ROWS_AT_ONCE && sizeOf(rows) < BYTES_AT_ONCE,
      };
    });
    this.report(count, outcomes);
    return !isAll;
  }

  private report(count: number, outcomes: readonly Stored[]): void {
    this.metrics.filed(
      count,
      outcomes.reduce((sum, { stored }) => sum + stored, 0),
    );
    for (const hookId of new Set(outcomes.flatMap(({ dueHookIds }) => dueHookIds ?? [])))
      this.wakeUps.ring('inbound', hookId);
  }

  /** Each behind a savepoint, and the one to blame as what cannot be read. */
  private async storeEach(manager: EntityManager, deliveries: readonly Delivery[]): Promise<Stored[]> {
    const outcomes: Stored[] = [];
    for (const delivery of deliveries) {
      try {
        outcomes.push(await manager.transaction((inner) => storeInInbox(inner, [delivery])));
      } catch (error) {
        if (!isDataFault(error)) throw error;
        this.logger.error({ msg: 'A delivery cannot be filed as what it is', type: delivery.type });
        outcomes.push(await storeInInbox(manager, [asUnreadable(delivery)]));
      }
    }
    return outcomes;
  }
}

function sizeOf(rows: readonly JournalRow[]): number {
  return rows.reduce((sum, { bodies }) => sum + bodies.length, 0);
}

function deliveriesOf(row: JournalRow, rules: DeliveryRules): Delivery[] {
  let end = 0;
  return row.lengths.map((length, index) => {
    const body = row.bodies.subarray(end, end + length);
    end += length;
    const deliveryId = row.deliveryIds[index] ?? null;
    return readDelivery({ body, deliveryId }, row.receivedAt, rules);
  });
}
