import { Injectable } from '@nestjs/common';
import { type WorkState } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Keyset } from '#libs/http';
import { type AttemptEntry } from '#libs/queue';
import { DataSource } from 'typeorm';

/** Rows looked at for one page: a filter that matches next to nothing must not read through a month. */
const MAX_ROWS_LOOKED_AT = 20_000;

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

/** Parameters $1 to $3: account, where to go on, state. */
const looked = (direction: 'asc' | 'desc'): string =>
  `select * from ghl.inbox
    where account_id = $1 and ($2::bigint is null or id ${direction === 'asc' ? '>' : '<'} $2)
      and ($3::text is null or state = $3)
    order by id ${direction} limit ${MAX_ROWS_LOOKED_AT}`;

/** Parameters $4 to $9. */
const MATCHES = `($4::text is null or i.type = $4) and ($5::text is null or i.entity_key = $5)
  and ($6::text is null or i.location_id = $6) and ($7::text is null or i.reason = $7)
  and ($8::timestamptz is null or i.received_at >= $8) and ($9::timestamptz is null or i.received_at < $9)`;

/** Reads what an account's locations were told, and what became of it. */
@Injectable()
export class EventLog {
  constructor(private readonly database: DataSource) {}

  /** Newest first. */
  async list(accountId: number, filter: EventFilter, keyset: Keyset): Promise<Found<InboxEvent>> {
    const items = await this.find<InboxEvent>(
      COLUMNS,
      accountId,
      filter,
      keyset.before,
      'desc',
      keyset.fetch,
    );
    if (items.length < keyset.fetch) {
      return { items, next: await this.endOfLook(accountId, filter, keyset.before, 'desc') };
    }
    const page = items.slice(0, -1);
    return { items: page, next: page.at(-1)?.id ?? null };
  }

  /** Ids, oldest first. */
  async ids(
    accountId: number,
    filter: EventFilter,
    after: number | null,
    limit: number,
  ): Promise<Found<number>> {
    const rows = await this.find<{ id: number }>('i.id', accountId, filter, after, 'asc', limit);
    const items = rows.map(({ id }) => id);
    const next =
      items.length === limit ? (items.at(-1) ?? null) : await this.endOfLook(accountId, filter, after, 'asc');
    return { items, next };
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

  private async find<Row>(
    columns: string,
    accountId: number,
    filter: EventFilter,
    from: number | null,
    direction: 'asc' | 'desc',
    limit: number,
  ): Promise<Row[]> {
    return this.database.query<Row[]>(
      `select ${columns} from (${looked(direction)}) i where ${MATCHES} order by i.id ${direction} limit $10`,
      [
        accountId,
        from,
        filter.state ?? null,
        filter.type ?? null,
        filter.entity ?? null,
        filter.locationId ?? null,
        filter.reason ?? null,
        filter.receivedAfter ?? null,
        filter.receivedBefore ?? null,
        limit,
      ],
    );
  }

  /** The last row that was looked at, or null when there was none left to look at. */
  private async endOfLook(
    accountId: number,
    { state }: EventFilter,
    from: number | null,
    direction: 'asc' | 'desc',
  ): Promise<number | null> {
    const [row] = await this.database.query<{ id: number }[]>(
      `select id from (${looked(direction)}) i offset ${MAX_ROWS_LOOKED_AT - 1}`,
      [accountId, from, state ?? null],
    );
    return row?.id ?? null;
  }
}
