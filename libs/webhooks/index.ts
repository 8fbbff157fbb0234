export { BATCHES_PER_RUN, InboxRetention, RETENTION_STATEMENTS, ROWS_PER_BATCH } from './inbox-retention.js';
export { InboundProcessor } from './inbound.processor.js';
export { IntakeOutage } from './intake-outage.js';
export { EventsModule, WebhooksModule, WebhooksWorkerModule } from './webhooks.module.js';
export { WorkSweeper } from './work-sweeper.js';
