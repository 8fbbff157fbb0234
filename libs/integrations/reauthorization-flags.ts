import { Injectable, Logger, Optional } from '@nestjs/common';
import { SharedRedis } from '#libs/queue';
import { DataSource } from 'typeorm';

/**
 * DeskFlow's own convention (DM 4), under its key prefix. Counted are refusals in a row, as one success ends them;
 * DeskFlow itself never takes one back.
 */
const KEY_PREFIX = 'alfred:';
const countKey = (hookId: number): string =>
  `${KEY_PREFIX}AUTHORIZATION_ERROR_COUNT:integrations_hook:${hookId}`;
const flagKey = (hookId: number): string =>
  `${KEY_PREFIX}REAUTHORIZATION_REQUIRED:integrations_hook:${hookId}`;

/** Twice the period of the schedule that reconciles: a connection that got well in between is seen. */
const RECENT = '30 minutes';
/** Keys in one write. */
const AT_ONCE = 500;

/**
 * Tells DeskFlow, in the Redis it shares with this service, which hooks must be authorized again. The truth is in
 * `ghl.connections`: what Redis missed while it was away is written by the next `reconcile`.
 */
@Injectable()
export class ReauthorizationFlags {
  private readonly logger = new Logger(ReauthorizationFlags.name);

  /** @param redis undefined in a process without a queue */
  constructor(
    private readonly database: DataSource,
    @Optional() private readonly redis?: SharedRedis,
  ) {}

  /** @param refusals in a row */
  async raise(hookId: number, refusals: number): Promise<void> {
    await this.write(new Map([[hookId, refusals]]), []);
  }

  async clear(hookIds: readonly number[]): Promise<void> {
    await this.write(new Map(), hookIds);
  }

  /** Brings the keys of all hooks in line whose state is not, or not long, what Redis may have been told. */
  async reconcile(): Promise<void> {
    if (!this.redis) return;
    const rows = await this.database.query<{ id: number; refusals: number | null }[]>(
      `select hook_id as id,
              case when state = 'reauthorization_required' then consecutive_failures end as refusals
         from ghl.connections
        where state = 'reauthorization_required' or greatest(last_refreshed_at, since) > now() - $1::interval`,
      [RECENT],
    );
    for (let first = 0; first < rows.length; first += AT_ONCE) {
      const part = rows.slice(first, first + AT_ONCE);
      const required = part.flatMap(({ id, refusals }) =>
        refusals === null ? [] : [[id, refusals] as const],
      );
      const well = part.filter(({ refusals }) => refusals === null);
      await this.write(
        new Map(required),
        well.map(({ id }) => id),
      );
    }
  }

  private async write(required: ReadonlyMap<number, number>, well: readonly number[]): Promise<void> {
    const set = [...required].flatMap(([hookId, refusals]): [string, string][] => [
      [countKey(hookId), String(Math.max(refusals, 1))],
      [flagKey(hookId), 'true'],
    ]);
    const remove = well.flatMap((hookId) => [countKey(hookId), flagKey(hookId)]);
    const isWritten = await this.redis?.write({ set: new Map(set), remove });
    if (isWritten === false)
      this.logger.warn('Redis was not told which hooks must be authorized again; the next run will');
  }
}
