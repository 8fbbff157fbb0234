import { Injectable } from '@nestjs/common';
import { type WorkState } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Keyset } from '#libs/http';
import { type AttemptEntry } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';

/** Rows looked at for one page: a filter that matches next to nothing must not read through a month. */
export const MAX_ROWS_LOOKED_AT = 20_000;

export interface EventFilter {
  readonly state?: WorkState | undefined;
  readonly type?: string | undefined;
  readonly entity?: string | undefined;
  readonly locationId?: string | undefined;
  readonly reason?: string | undefined;
  /** This moment and later. */
  readonly receivedAfter?: Date | undefined;
  /** Before this moment. */
  readonly receivedBefore?: Date | undefined;
}

/** A row of the inbox without its body. */
export interface InboxEvent {
  readonly id: number;
  readonly type: string;
  readonly state: WorkState;
  readonly reason: string | null;
  readonly entityKey: string | null;
  readonly locationId: string | null;
  readonly eventAt: Date | null;
  readonly receivedAt: Date;
  readonly finishedAt: Date | null;
  readonly nextAttemptAt: Date;
  readonly attempts: number;
  /** As `storedFailure` made it. */
  readonly lastError: string | null;
}

export interface InboxEventDetail extends InboxEvent {
  /** Null when it was dropped. */
  readonly body: Buffer | null;
  readonly attemptLog: readonly AttemptEntry[];
}

/** Events of one page, or of one batch. */
export interface Found<Item> {
  readonly items: readonly Item[];
  /** Where to go on; null at the end. */
  readonly next: number | null;
}

const COLUMNS = `i.id, i.type, i.state, i.reason, i.entity_key as "entityKey", i.location_id as "locationId",
  i.event_at as "eventAt", i.received_at as "receivedAt", i.finished_at as "finishedAt",
  i.next_attempt_at as "nextAttemptAt", i.attempts, i.last_error as "lastError"`;

/** States with an index of their own: rows of others are not looked at. */
const INDEXED_STATES: readonly WorkState[] = ['dead', 'failed'];

type Direction = 'asc' | 'desc';

/** Where a look begins: the account, where to go on, and a state that has an index. */
type Start = readonly [accountId: number, from: number | null, state: WorkState | null];

/** Parameters $1 to $3: `Start`. It holds no condition without an index: rows that fail one are not counted. */
const looked = (direction: Direction): string =>
  `select * from ghl.inbox
    where account_id = $1 and ($2::bigint is null or id ${direction === 'asc' ? '>' : '<'} $2)
      and ($3::text is null or state = $3)
    order by id ${direction} limit ${MAX_ROWS_LOOKED_AT}`;

/** Parameters $4 to $10. */
const MATCHES = `($4::text is null or i.type = $4) and ($5::text is null or i.entity_key = $5)
  and ($6::text is null or i.location_id = $6) and ($7::text is null or i.reason = $7)
  and ($8::timestamptz is null or i.received_at >= $8) and ($9::timestamptz is null or i.received_at < $9)
  and ($10::text is null or i.state = $10)`;

/** Reads what an account's locations were told, and what became of it. */
@Injectable()
export class EventLog {
  constructor(private readonly database: DataSource) {}

  /** Newest first. */
  async list(accountId: number, filter: EventFilter, keyset: Keyset): Promise<Found<InboxEvent>> {
    return this.find<InboxEvent>(COLUMNS, accountId, filter, {
      from: keyset.before,
      direction: 'desc',
      limit: keyset.fetch - 1,
    });
  }

  /** Ids, oldest first. */
  async ids(
    accountId: number,
    filter: EventFilter,
    after: number | null,
    limit: number,
  ): Promise<Found<number>> {
    const { items, next } = await this.find<{ id: number }>('i.id', accountId, filter, {
      from: after,
      direction: 'asc',
      limit,
    });
    return { items: items.map(({ id }) => id), next };
  }

  /** @throws NotFound also for an event of another account */
  async one(accountId: number, id: number): Promise<InboxEventDetail> {
    const [event] = await this.database.query<InboxEventDetail[]>(
      `select ${COLUMNS}, i.body, coalesce(i.attempt_log, '[]') as "attemptLog"
         from ghl.inbox i where i.account_id = $1 and i.id = $2`,
      [accountId, id],
    );
    if (!event) throw new NotFound('Event');
    return event;
  }

  /** In one snapshot: what moved between two looks would be left out. */
  private async find<Row extends { readonly id: number }>(
    columns: string,
    accountId: number,
    filter: EventFilter,
    { from, direction, limit }: Page,
  ): Promise<Found<Row>> {
    const { state } = filter;
    const start: Start = [
      accountId,
      from,
      state !== undefined && INDEXED_STATES.includes(state) ? state : null,
    ];
    return this.database.transaction('REPEATABLE READ', async (manager) => {
      const rows = await manager.query<Row[]>(
        `select ${columns} from (${looked(direction)}) i where ${MATCHES} order by i.id ${direction} limit $11`,
        [...start, ...conditionsOf(filter), limit + 1],
      );
      const items = rows.slice(0, limit);
      const next = rows.length > limit ? items.at(-1)?.id : await endOfLook(manager, start, direction);
      return { items, next: next ?? null };
    });
  }
}

interface Page {
  readonly from: number | null;
  readonly direction: Direction;
  readonly limit: number;
}

/** In the order of `MATCHES`. */
function conditionsOf(filter: EventFilter): unknown[] {
  const { type, entity, locationId, reason, receivedAfter, receivedBefore, state } = filter;
  return [type, entity, locationId, reason, receivedAfter, receivedBefore, state].map(
    (value) => value ?? null,
  );
}

/** The last row that was looked at, undefined when there was none left to look at. */
async function endOfLook(
  manager: EntityManager,
  start: Start,
  direction: Direction,
): Promise<number | undefined> {
  const [row] = await manager.query<{ id: number }[]>(
    `select id from (${looked(direction)}) i offset ${MAX_ROWS_LOOKED_AT - 1}`,
    [...start],
  );
  return row?.id;
}
