import { Module } from '@nestjs/common';
import { ConnectionsModule } from './connections.module.js';
import { TokenRefreshCron } from './token-refresh.cron.js';

/**
 * Refreshes ahead of time. For the worker only: a process that answers HTTP has no time for it. Whoever imports it also
 * imports `ScheduleModule`, once a process: each one more would run every schedule of the process once more.
 */
@Module({
  imports: [ConnectionsModule],
  providers: [TokenRefreshCron],
  exports: [TokenRefreshCron],
})
export class TokenRefreshModule {}
