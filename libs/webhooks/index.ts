export { InboxRetention, type RetentionRun } from './inbox-retention.js';
export { InboundProcessor } from './inbound.processor.js';
export { EventsModule, WebhooksModule, WebhooksWorkerModule } from './webhooks.module.js';
export { WorkSweeper } from './work-sweeper.js';
