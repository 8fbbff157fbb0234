import { Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { ContactSyncModule } from '#libs/contact-sync';
import { ConnectionsModule } from '#libs/integrations';
import { ContactEvents } from './contact-events.js';
import { EventCommands } from './event-commands.js';
import { EventLog } from './event-log.js';
import { EventsController } from './events.controller.js';
import { InboundProcessor } from './inbound.processor.js';
import { InboxClaims } from './inbox-claims.js';
import { InboxRetention } from './inbox-retention.js';
import { Inbox } from './inbox.js';
import { IntakeOutage } from './intake-outage.js';
import { LifecycleEvents } from './lifecycle-events.js';
import { SignatureGuard } from './signature.guard.js';
import { WebhookSettings } from './webhook-settings.js';
import { WebhooksController } from './webhooks.controller.js';
import { WorkSweeper } from './work-sweeper.js';

/** Takes events in over HTTP. */
@Module({
  controllers: [WebhooksController],
  providers: [Inbox, IntakeOutage, SignatureGuard, WebhookSettings],
})
export class WebhooksModule {}

/** Lets administrators look at them, replay them and give them up. */
@Module({
  imports: [AuditModule],
  controllers: [EventsController],
  providers: [EventCommands, EventLog],
})
export class EventsModule {}

/** Applies them. The sweeper and the retention need `ScheduleModule`. */
@Module({
  imports: [ConnectionsModule, ContactSyncModule],
  providers: [ContactEvents, InboundProcessor, InboxClaims, InboxRetention, LifecycleEvents, WorkSweeper],
})
export class WebhooksWorkerModule {}
