import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { GOHIGHLEVEL_APP_ID } from '#libs/database';
import { WakeUps } from '#libs/queue';
import { DataSource } from 'typeorm';
import {
  type Direction,
  DIRECTIONS,
  hooksWith,
  isServed,
  type WaitingState,
  WORK_TABLES,
} from './due-work.js';
import { LIFECYCLE_LANE } from './inbox-claims.js';
import { wakeParkedInstalls } from './parked-installs.js';

/** Also how soon a change that DeskFlow's own code wrote is pushed: nobody rings for it. */
const EVERY_MS = 1_000;

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

  /** One look at both directions. */
  async sweep(): Promise<void> {
    await wakeParkedInstalls(this.database.manager);
    for (const lane of DIRECTIONS) {
      await this.dropOrphans(lane);
      for (const hookId of await this.dueHooks(lane)) this.wakeUps.ring(lane, hookId);
    }
  }

  /** A step a hook through the indexes of open rows, however many rows each has, and the few whose lease ran out. */
  private async dueHooks(lane: Direction): Promise<number[]> {
    const rows = await this.database.query<{ hook_id: number }[]>(
      `with recursive ${hooksWith('pending', lane)}, ${hooksWith('failed', lane)}, ripe as (
         ${ripeOf('pending', lane)} union ${ripeOf('failed', lane)} union
         select hook_id from ghl.${WORK_TABLES[lane]} where state = 'processing' and lease_until <= now()
       )
       select hook_id from ripe
        where ${isServed('ripe.hook_id', lane)}`,
    );
    return rows.map(({ hook_id }) => hook_id);
  }

  /** What a worker held when its hook was disconnected, and could not finish. */
  private async dropOrphans(lane: Direction): Promise<void> {
    await this.database.query(
      `update ghl.${WORK_TABLES[lane]} w
          set state = 'ignored', reason = 'disconnected', finished_at = now(), lease_token = null, lease_until = null
        where w.state = 'processing' and w.lease_until <= now() and w.hook_id <> ${LIFECYCLE_LANE}
          and not exists (select from public.integrations_hooks h
                           where h.id = w.hook_id and h.app_id = '${GOHIGHLEVEL_APP_ID}')`,
    );
  }
}

function ripeOf(state: WaitingState, lane: Direction): string {
  return `select hook_id from ${state} where exists (
    select from ghl.${WORK_TABLES[lane]} w
     where w.state = '${state}' and w.hook_id = ${state}.hook_id and w.next_attempt_at <= now())`;
}
