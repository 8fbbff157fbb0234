export { BATCHES_PER_RUN, WorkRetention, RETENTION_STATEMENTS, ROWS_PER_BATCH } from './work-retention.js';
export { InboundProcessor } from './inbound.processor.js';
export { DeliveryFiling } from './delivery-filing.js';
export { IntakeOutage } from './intake-outage.js';
export {
  DeliveryFilingModule,
  EventsModule,
  WebhooksModule,
  WebhooksWorkerModule,
} from './webhooks.module.js';
export { WorkSweeper } from './work-sweeper.js';
