import { Module } from '@nestjs/common';
import { ContactStoreModule } from '#libs/contacts';
import { ConnectionsModule } from '#libs/integrations';
import { AuditModule } from '#libs/audit';
import { MetricsModule } from '#libs/metrics';
import { AmbiguousMatches } from './ambiguous-matches.js';
import { ConflictLog } from './conflict-log.js';
import { Conflicts } from './conflicts.js';
import { ContactLinks } from './contact-links.js';
import { ContactMatching } from './contact-matching.js';
import { ContactMerges } from './contact-merges.js';
import { ContactPusher } from './contact-pusher.js';
import { ContactSync } from './contact-sync.js';
import { DefaultLocation } from './default-location.js';
import { ContactStates } from './contact-states.js';
import { ContactSyncStateController } from './contact-sync-state.controller.js';
import { FieldMappingController } from './field-mapping.controller.js';
import { FieldMappings } from './field-mappings.js';
import { FieldMaps } from './field-maps.js';
import { FoundContacts } from './found-contacts.js';
import { ManualSync } from './manual-sync.js';
import { InboundConnects } from './inbound-connects.js';
import { InboundContacts } from './inbound-contacts.js';
import { InboundUpdates } from './inbound-updates.js';
import { LocalSide } from './local-side.js';
import { MatchResolution } from './match-resolution.js';
import { MatchesController } from './matches.controller.js';
import { OutboundProcessor } from './outbound.processor.js';
import { Outbox } from './outbox.js';
import { OvertakenChanges } from './overtaken-changes.js';
import { PushMetrics } from './push-metrics.js';
import { PushCompletion } from './push-completion.js';
import { PushDiscard } from './push-discard.js';
import { PushLog } from './push-log.js';
import { PushesController } from './pushes.controller.js';
import { ConflictsController } from './conflicts.controller.js';
import { RemoteLook } from './remote-look.js';
import { RemoteDeletions } from './remote-deletions.js';
import { SyncChoices } from './sync-choices.js';
import { SyncSettingsController } from './sync-settings.controller.js';

/** Both directions as services; nothing in it starts by itself. */
@Module({
  imports: [AuditModule, ConnectionsModule, ContactStoreModule],
  providers: [
    AmbiguousMatches,
    ConflictLog,
    Conflicts,
    ContactLinks,
    ContactMatching,
    ContactMerges,
    ContactPusher,
    ContactSync,
    DefaultLocation,
    FieldMaps,
    FoundContacts,
    InboundConnects,
    InboundContacts,
    InboundUpdates,
    LocalSide,
    Outbox,
    OvertakenChanges,
    PushCompletion,
    RemoteDeletions,
    SyncChoices,
  ],
  exports: [
    AmbiguousMatches,
    ContactMatching,
    ConflictLog,
    ConnectionsModule,
    ContactLinks,
    ContactPusher,
    ContactSync,
    DefaultLocation,
    FieldMaps,
    FoundContacts,
    LocalSide,
    Outbox,
    SyncChoices,
  ],
})
export class ContactSyncModule {}

/** For processes that work on the outbox. */
@Module({ imports: [ContactSyncModule, MetricsModule], providers: [OutboundProcessor, PushMetrics] })
export class ContactSyncWorkerModule {}

/** What people choose about the sync, see of it, and do about one contact. Needs `QueueModule`. */
@Module({
  imports: [AuditModule, ContactSyncModule, ContactStoreModule],
  controllers: [
    ConflictsController,
    ContactSyncStateController,
    FieldMappingController,
    MatchesController,
    PushesController,
    SyncSettingsController,
  ],
  providers: [ContactStates, FieldMappings, ManualSync, MatchResolution, PushDiscard, PushLog, RemoteLook],
})
export class ContactSyncHttpModule {}
