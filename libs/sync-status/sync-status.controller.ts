import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminOnly, type CallingAccount, CurrentAccount } from '#libs/auth';
import { type Shape } from '#libs/http';
import { type Activity, RecentActivity } from './recent-activity.js';
import {
  type ActivityDto,
  type LaneStatusDto,
  type RateBudgetDto,
  SyncOverviewAnswer,
  SyncOverviewQuery,
  type ThroughputPointDto,
} from './sync-status.dto.js';
import { COUNTED_UP_TO, type LaneStatus, type LocationBudget, SyncStatus } from './sync-status.js';
import { Throughput, type ThroughputPoint } from './throughput.js';

/** What the dashboard shows, in one answer. */
@ApiTags('sync')
@Controller('api/v1/accounts/:account_id/integrations/ghl/sync')
export class SyncStatusController {
  constructor(
    private readonly status: SyncStatus,
    private readonly throughput: Throughput,
    private readonly activity: RecentActivity,
  ) {}

  @Get()
  @AdminOnly('validation_failed')
  @ApiOperation({ operationId: 'getGhlSync', summary: 'How the sync is doing, and how it was' })
  @ApiOkResponse({ type: SyncOverviewAnswer })
  async show(
    @CurrentAccount() { id }: CallingAccount,
    @Query() { time_zone = 'UTC' }: SyncOverviewQuery,
  ): Promise<Shape<SyncOverviewAnswer>> {
    const [overview, history, activity] = await Promise.all([
      this.status.of(id),
      this.throughput.history(id, time_zone),
      this.activity.newest(id),
    ]);
    return {
      payload: {
        health: overview.health,
        count_limit: COUNTED_UP_TO,
        in: laneView(overview.in),
        out: laneView(overview.out),
        open_matches: overview.openMatches,
        throughput: { hours: history.hours.map(pointView), days: history.days.map(pointView) },
        rate_budgets: overview.budgets.map(budgetView),
        drift: { found: overview.drift.found, last_run_at: overview.drift.lastRunAt?.toISOString() ?? null },
        activity: activity.map(activityView),
      },
    };
  }
}

function laneView({ pending, failed, dead, oldestAt }: LaneStatus): Shape<LaneStatusDto> {
  const lagMs = oldestAt === null ? 0 : Math.max(0, Date.now() - oldestAt.getTime());
  return { pending, failed, dead, oldest_at: oldestAt?.toISOString() ?? null, lag_seconds: lagMs / 1000 };
}

function pointView({ at, ...counts }: ThroughputPoint): Shape<ThroughputPointDto> {
  return { at: at.toISOString(), ...counts };
}

function budgetView(budget: LocationBudget): Shape<RateBudgetDto> {
  return {
    location_id: budget.locationId,
    location_name: budget.locationName,
    limit: budget.limit,
    left: budget.left,
    interval_ms: budget.intervalMs,
    daily: budget.daily ?? null,
    paused_for_ms: budget.pausedForMs,
  };
}

function activityView({ locationId, contactId, contactName, at, ...activity }: Activity): Shape<ActivityDto> {
  return {
    ...activity,
    location_id: locationId,
    contact_id: contactId,
    contact_name: contactName,
    at: at.toISOString(),
  };
}
