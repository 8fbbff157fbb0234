export { ContactSync } from './contact-sync.js';
export { ContactSyncModule, ContactSyncWorkerModule } from './contact-sync.module.js';
export {
  type FetchedContact,
  type FetchedContacts,
  type IgnoredReason,
  type InboundContactEvent,
  type InboundResult,
} from './inbound-event.js';
export { type Conflict, merge, type Merge, type Side } from './merge.js';
export { OutboundProcessor } from './outbound.processor.js';
