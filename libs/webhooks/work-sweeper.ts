import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { type Lane, WakeUps } from '#libs/queue';
import { DataSource } from 'typeorm';
import { LIFECYCLE_LANE } from './inbox-claims.js';
import { wakeParkedInstalls } from './parked-installs.js';

/** Also how soon a change that DeskFlow's own code wrote is pushed: nobody rings for it. */
const EVERY_MS = 1_000;

const TABLES = { inbound: 'inbox', outbound: 'outbox' } as const satisfies Record<Lane, string>;

/** A connection that must be authorized again takes in events, but has no token to push with. */
const IS_WELL = {
  inbound: '',
  outbound: `and not exists (
               select from ghl.connections c where c.hook_id = h.id and c.state <> 'connected')`,
} as const satisfies Record<Lane, string>;

/** Rings for rows whose wake-up was lost, whose time has come, or whose worker died. */
@Injectable()
export class WorkSweeper {
  private readonly logger = new Logger(WorkSweeper.name);
  private isSweeping = false;

  constructor(
    private readonly database: DataSource,
    private readonly wakeUps: WakeUps,
  ) {}

  @Interval(EVERY_MS)
  async sweepOnSchedule(): Promise<void> {
    if (this.isSweeping) return;
    this.isSweeping = true;
    try {
      await this.sweep();
    } catch (error) {
      this.logger.warn({
        msg: 'Could not look for due work',
        reason: error instanceof Error ? error.message : '',
      });
    } finally {
      this.isSweeping = false;
    }
  }

  /** One look at both lanes. */
  async sweep(): Promise<void> {
    await wakeParkedInstalls(this.database.manager);
    for (const lane of ['inbound', 'outbound'] as const) {
      await this.dropOrphans(lane);
      for (const hookId of await this.dueHooks(lane)) this.wakeUps.ring(lane, hookId);
    }
  }

  /** A step a hook through the indexes of open rows, however many rows each has, and the few whose lease ran out. */
  private async dueHooks(lane: Lane): Promise<number[]> {
    const rows = await this.database.query<{ hook_id: number }[]>(
      `with recursive ${hooksWith('pending', lane)}, ${hooksWith('failed', lane)}, ripe as (
         ${ripeOf('pending', lane)} union ${ripeOf('failed', lane)} union
         select hook_id from ghl.${TABLES[lane]} where state = 'processing' and lease_until <= now()
       )
       select hook_id from ripe
        where hook_id = ${LIFECYCLE_LANE}
           or exists (select from public.integrations_hooks h
                       where h.id = ripe.hook_id and h.status = ${HookStatus.enabled} ${IS_WELL[lane]})`,
    );
    return rows.map(({ hook_id }) => hook_id);
  }

  /** What a worker held when its hook was disconnected, and could not finish. */
  private async dropOrphans(lane: Lane): Promise<void> {
    await this.database.query(
      `update ghl.${TABLES[lane]} w
          set state = 'ignored', reason = 'disconnected', finished_at = now(), lease_token = null, lease_until = null
        where w.state = 'processing' and w.lease_until <= now() and w.hook_id <> ${LIFECYCLE_LANE}
          and not exists (select from public.integrations_hooks h
                           where h.id = w.hook_id and h.app_id = '${GOHIGHLEVEL_APP_ID}')`,
    );
  }
}

type WaitingState = 'pending' | 'failed';

/** A recursive query by the state's name: from each hook to the next one. */
function hooksWith(state: WaitingState, lane: Lane): string {
  const first = (condition: string): string =>
    `(select w.hook_id from ghl.${TABLES[lane]} w where w.state = '${state}' ${condition} order by w.hook_id limit 1)`;
  return `${state} as (
    ${first('')} union all
    select ${first(`and w.hook_id > ${state}.hook_id`)} from ${state} where ${state}.hook_id is not null)`;
}

function ripeOf(state: WaitingState, lane: Lane): string {
  return `select hook_id from ${state} where exists (
    select from ghl.${TABLES[lane]} w
     where w.state = '${state}' and w.hook_id = ${state}.hook_id and w.next_attempt_at <= now())`;
}
