import { Module } from '@nestjs/common';
import { ContactStoreModule } from '#libs/contacts';
import { ConnectionsModule } from '#libs/integrations';
import { ContactLinks } from './contact-links.js';
import { ContactPusher } from './contact-pusher.js';
import { ContactSync } from './contact-sync.js';
import { InboundConnects } from './inbound-connects.js';
import { InboundContacts } from './inbound-contacts.js';
import { InboundUpdates } from './inbound-updates.js';
import { LocalSide } from './local-side.js';
import { OutboundProcessor } from './outbound.processor.js';
import { Outbox } from './outbox.js';
import { PushCompletion } from './push-completion.js';

/** Both directions as services; nothing in it starts by itself. */
@Module({
  imports: [ConnectionsModule, ContactStoreModule],
  providers: [
    ContactLinks,
    ContactPusher,
    ContactSync,
    InboundConnects,
    InboundContacts,
    InboundUpdates,
    LocalSide,
    Outbox,
    PushCompletion,
  ],
  exports: [ConnectionsModule, ContactPusher, ContactSync, Outbox],
})
export class ContactSyncModule {}

/** For processes that work on the outbox. */
@Module({ imports: [ContactSyncModule], providers: [OutboundProcessor] })
export class ContactSyncWorkerModule {}
