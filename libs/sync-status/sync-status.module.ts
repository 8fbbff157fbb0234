import { Module } from '@nestjs/common';
import { ConnectionsModule } from '#libs/integrations';
import { RecentActivity } from './recent-activity.js';
import { SyncStatusController } from './sync-status.controller.js';
import { SyncStatus } from './sync-status.js';
import { Throughput } from './throughput.js';

/** How the sync of an account is doing, for its dashboard. */
@Module({
  imports: [ConnectionsModule],
  controllers: [SyncStatusController],
  providers: [RecentActivity, SyncStatus, Throughput],
})
export class SyncStatusModule {}
