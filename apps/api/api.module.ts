import { type DynamicModule, Module } from '@nestjs/common';
import { AuditHttpModule } from '#libs/audit';
import { AuthModule } from '#libs/auth';
import { type AppConfig, ConfigModule } from '#libs/config';
import { ContactSyncHttpModule } from '#libs/contact-sync';
import { ContactsModule } from '#libs/contacts';
import { DatabaseModule } from '#libs/database';
import { HealthModule } from '#libs/health';
import { ImportsModule } from '#libs/imports';
import { IntegrationsModule } from '#libs/integrations';
import { MetricsModule } from '#libs/metrics';
import { OAuthModule } from '#libs/oauth';
import { QueueModule } from '#libs/queue';
import { ReconciliationModule } from '#libs/reconciliation';
import { SsoModule } from '#libs/sso';
import { SyncStatusModule } from '#libs/sync-status';
import { EventsModule, WebhooksModule } from '#libs/webhooks';

/** Everything that answers HTTP: sign-in, OAuth, integrations, the audit log, contacts, webhook intake and its events, health. */
@Module({})
export class ApiModule {
  static register(config: AppConfig): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        ConfigModule.register(config),
        DatabaseModule,
        QueueModule.register(config),
        AuthModule,
        AuditHttpModule,
        ContactsModule,
        IntegrationsModule,
        OAuthModule,
        ContactSyncHttpModule,
        ImportsModule,
        ReconciliationModule,
        SsoModule,
        SyncStatusModule,
        WebhooksModule,
        EventsModule,
        HealthModule,
        MetricsModule,
      ],
    };
  }
}
