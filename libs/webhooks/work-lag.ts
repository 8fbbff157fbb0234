import { Injectable, Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { MetricsRegistry } from '#libs/metrics';
import { type Lane, LANES } from '#libs/queue';
import { DataSource } from 'typeorm';
import { type Direction, hooksWith, isServed, WORK_TABLES } from './due-work.js';

/** When a row began to wait: an edit that joins a waiting one does not make it younger. */
const SINCE = { inbound: 'received_at', outbound: 'created_at' } as const satisfies Record<Direction, string>;
/** The order in which an index gives a hook's rows; the first one has waited for longest. */
const OLDEST_FIRST = { inbound: 'id', outbound: 'next_attempt_at' } as const satisfies Record<
  Direction,
  string
>;

/** How far each lane is behind: the age of the oldest row that nobody has taken up. The same at every process. */
@Injectable()
export class WorkLag {
  private readonly logger = new Logger(WorkLag.name);

  constructor(
    private readonly database: DataSource,
    registry: MetricsRegistry,
  ) {
    const lagOf = (lane: Lane): Promise<number> => this.seconds(lane);
    new Gauge({
      name: 'deskflow_ghl_lag_seconds',
      help: 'Age of the oldest pending row; NaN while the database does not answer',
      labelNames: ['lane'],
      registers: [registry],
      async collect() {
        for (const lane of LANES) this.set({ lane }, await lagOf(lane));
      },
    });
  }

  /** Seconds; 0 when nothing waits. Never rejects: the other metrics are wanted most when the database is away. */
  private async seconds(lane: Lane): Promise<number> {
    try {
      const [row] = await this.database.query<[{ seconds: number }]>(
        lane === 'intake' ? OLDEST_IN_JOURNAL : oldestOf(lane),
      );
      return row.seconds;
    } catch (error) {
      this.logger.warn({
        msg: 'Could not look how old the oldest row is',
        reason: error instanceof Error ? error.message : '',
      });
      return Number.NaN;
    }
  }
}

const OLDEST_IN_JOURNAL = `
  select coalesce(extract(epoch from now() - min(received_at)), 0)::float8 as seconds
    from (select received_at from ghl.intake_journal order by id limit 1) oldest`;

function oldestOf(direction: Direction): string {
  return `
    with recursive ${hooksWith('pending', direction)}
    select coalesce(extract(epoch from now() - min(oldest.since)), 0)::float8 as seconds
      from pending
     cross join lateral (
       select w.${SINCE[direction]} as since from ghl.${WORK_TABLES[direction]} w
        where w.state = 'pending' and w.hook_id = pending.hook_id order by w.${OLDEST_FIRST[direction]} limit 1) oldest
     where ${isServed('pending.hook_id', direction)}`;
}
