import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const HOURS = 24;
const DAYS = 30;

/** Contacts that were brought each way in an hour or a day. */
export interface ThroughputPoint {
  /** When it began. */
  readonly at: Date;
  readonly in: number;
  readonly out: number;
}

export interface ThroughputHistory {
  /** The last 24, oldest first; the last one is under way. */
  readonly hours: readonly ThroughputPoint[];
  /** The last 30 by the clock of the time zone, oldest first; the last one is under way. */
  readonly days: readonly ThroughputPoint[];
}

/** Every step of the time has a point, also one in which nothing happened. */
const HISTORY = (unit: 'hour' | 'day', steps: number): string => `
  with bounds as (
    select date_trunc('${unit}', now(), $2) - make_interval(${unit}s => ${steps - 1}) as first),
  steps as (
    select generate_series(first, now(), interval '1 ${unit}', $2) as at from bounds),
  counted as (
    select date_trunc('${unit}', hour, $2) as at, direction, sum(contacts)::float8 as contacts
      from ghl.sync_counts, bounds
     where account_id = $1 and hour >= date_trunc('hour', bounds.first, 'UTC')
     group by 1, 2)
  select steps.at, coalesce(sum(contacts) filter (where direction = 'in'), 0) as "in",
         coalesce(sum(contacts) filter (where direction = 'out'), 0) as "out"
    from steps left join counted on counted.at = steps.at
   group by steps.at order by steps.at`;

/** Reads what `ContactLinks.agree` counts (`ghl.sync_counts`): a few rows an hour, however many contacts there are. */
@Injectable()
export class Throughput {
  constructor(private readonly database: DataSource) {}

  /** @param timeZone of the IANA database; where days begin */
  async history(accountId: number, timeZone: string): Promise<ThroughputHistory> {
    const read = (unit: 'hour' | 'day', steps: number): Promise<ThroughputPoint[]> =>
      this.database.query<ThroughputPoint[]>(HISTORY(unit, steps), [accountId, timeZone]);
    const [hours, days] = await Promise.all([read('hour', HOURS), read('day', DAYS)]);
    return { hours, days };
  }
}
