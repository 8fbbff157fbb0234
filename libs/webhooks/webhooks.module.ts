import { Module } from '@nestjs/common';
import { ContactSyncModule } from '#libs/contact-sync';
import { ConnectionsModule } from '#libs/integrations';
import { ContactEvents } from './contact-events.js';
import { InboundProcessor } from './inbound.processor.js';
import { InboxClaims } from './inbox-claims.js';
import { LifecycleEvents } from './lifecycle-events.js';
import { Inbox } from './inbox.js';
import { SignatureGuard } from './signature.guard.js';
import { WebhookSettings } from './webhook-settings.js';
import { WebhooksController } from './webhooks.controller.js';
import { WorkSweeper } from './work-sweeper.js';

/** Takes events in over HTTP. */
@Module({ controllers: [WebhooksController], providers: [Inbox, SignatureGuard, WebhookSettings] })
export class WebhooksModule {}

/** Applies them. The sweeper needs `ScheduleModule`. */
@Module({
  imports: [ConnectionsModule, ContactSyncModule],
  providers: [ContactEvents, InboundProcessor, InboxClaims, LifecycleEvents, WorkSweeper],
})
export class WebhooksWorkerModule {}
