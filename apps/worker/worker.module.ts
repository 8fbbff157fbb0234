import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { type AppConfig, ConfigModule } from '#libs/config';
import { ContactSyncWorkerModule } from '#libs/contact-sync';
import { DatabaseModule } from '#libs/database';
import { ImportsWorkerModule } from '#libs/imports';
import { TokenRefreshModule } from '#libs/integrations';
import { QueueModule } from '#libs/queue';
import { ReconciliationWorkerModule } from '#libs/reconciliation';
import { WebhooksWorkerModule } from '#libs/webhooks';

/** Everything that works without being asked over HTTP: both queue processors, the sweeper, the retention, imports, reconciliation, the token cron. */
@Module({})
export class WorkerModule {
  static register(config: AppConfig): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ScheduleModule.forRoot(),
        ConfigModule.register(config),
        DatabaseModule,
        QueueModule.register(config),
        ContactSyncWorkerModule,
        WebhooksWorkerModule,
        ImportsWorkerModule,
        ReconciliationWorkerModule,
        TokenRefreshModule,
      ],
    };
  }
}
