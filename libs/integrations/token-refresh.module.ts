import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ConnectionsModule } from './connections.module.js';
import { TokenRefreshCron } from './token-refresh.cron.js';

/** Refreshes ahead of time. For the worker only: a process that answers HTTP has no time for it. */
@Module({
  imports: [ScheduleModule.forRoot(), ConnectionsModule],
  providers: [TokenRefreshCron],
  exports: [TokenRefreshCron],
})
export class TokenRefreshModule {}
