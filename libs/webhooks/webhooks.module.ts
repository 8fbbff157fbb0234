import { Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { ContactSyncModule } from '#libs/contact-sync';
import { ConnectionsModule } from '#libs/integrations';
import { MetricsModule } from '#libs/metrics';
import { ContactEvents } from './contact-events.js';
import { DeliveryFiling } from './delivery-filing.js';
import { DeliveryJournal } from './delivery-journal.js';
import { EventCommands } from './event-commands.js';
import { EventLog } from './event-log.js';
import { EventsController } from './events.controller.js';
import { FilingMetrics } from './filing-metrics.js';
import { InboundMetrics } from './inbound-metrics.js';
import { InboundProcessor } from './inbound.processor.js';
import { InboxClaims } from './inbox-claims.js';
import { WorkRetention } from './work-retention.js';
import { IntakeMetrics } from './intake-metrics.js';
import { IntakeOutage } from './intake-outage.js';
import { LifecycleEvents } from './lifecycle-events.js';
import { RefusedDeliveries } from './refused-deliveries.js';
import { SignatureGuard } from './signature.guard.js';
import { WebhookSettings } from './webhook-settings.js';
import { WebhooksController } from './webhooks.controller.js';
import { WorkLag } from './work-lag.js';
import { WorkSweeper } from './work-sweeper.js';

/** Takes events in over HTTP. */
@Module({
  imports: [MetricsModule],
  controllers: [WebhooksController],
  providers: [
    DeliveryJournal,
    IntakeMetrics,
    IntakeOutage,
    RefusedDeliveries,
    SignatureGuard,
    WebhookSettings,
  ],
})
export class WebhooksModule {}

/** Gives what was taken in to the hooks it is for. Finds what nobody rang for where there is a `ScheduleModule`. */
@Module({
  imports: [MetricsModule],
  providers: [DeliveryFiling, FilingMetrics],
})
export class DeliveryFilingModule {}

/** Lets administrators look at them, replay them and give them up. */
@Module({
  imports: [AuditModule],
  controllers: [EventsController],
  providers: [EventCommands, EventLog],
})
export class EventsModule {}

/** Applies them. The sweeper and the retention need `ScheduleModule`. */
@Module({
  imports: [ConnectionsModule, ContactSyncModule, DeliveryFilingModule, MetricsModule],
  providers: [
    ContactEvents,
    InboundMetrics,
    InboundProcessor,
    InboxClaims,
    WorkRetention,
    LifecycleEvents,
    WorkLag,
    WorkSweeper,
  ],
})
export class WebhooksWorkerModule {}
