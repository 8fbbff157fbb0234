export { ConflictLog } from './conflict-log.js';
export { ContactSync } from './contact-sync.js';
export { ContactSyncHttpModule, ContactSyncModule, ContactSyncWorkerModule } from './contact-sync.module.js';
export {
  FOUND_AT_ONCE,
  FoundContacts,
  type FoundOutcome,
  type FoundPage,
  type OpenPage,
  type WrittenPage,
  type Refused,
} from './found-contacts.js';
export { PageConnections } from './page-connections.js';
export {
  type FetchedContact,
  type FetchedContacts,
  type IgnoredReason,
  type InboundContactEvent,
  type InboundResult,
} from './inbound-event.js';
export { type Conflict, merge, type Merge, type Side } from './merge.js';
export { type PushReaction, reactTo as reactToFailedCall } from './push-failure.js';
export { OutboundProcessor } from './outbound.processor.js';
export { type Choices, SyncChoices } from './sync-choices.js';
