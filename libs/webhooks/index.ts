export { InboundProcessor } from './inbound.processor.js';
export { WebhooksModule, WebhooksWorkerModule } from './webhooks.module.js';
export { WorkSweeper } from './work-sweeper.js';
