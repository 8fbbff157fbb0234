import { Module } from '@nestjs/common';
import { ContactLabels } from './contact-labels.js';
import { ContactStore } from './contact-store.js';
import { ContactsController } from './contacts.controller.js';
import { ContactsService } from './contacts.service.js';
import { SearchIndex } from './search-index.js';

/** DeskFlow's contacts for other parts, without HTTP: for every process. */
@Module({
  providers: [ContactStore, ContactLabels, SearchIndex],
  exports: [ContactStore, ContactLabels, SearchIndex],
})
export class ContactStoreModule {}

/** The Chatwoot-compatible endpoints. */
@Module({ imports: [ContactStoreModule], controllers: [ContactsController], providers: [ContactsService] })
export class ContactsModule {}
