export { type ContactChanges } from './contact-columns.js';
export { isE164, isEmail, normaliseEmail } from './contact-identity.js';
export { ContactLabels, type LabelChanges } from './contact-labels.js';
export { ContactStore, type Identity, type IdentityHolders } from './contact-store.js';
export { ContactTaken, type UniqueAttribute } from './contact-taken.js';
export { ContactsModule, ContactStoreModule } from './contacts.module.js';
export { type JsonRecord, type JsonValue } from './json.js';
export { labelTitle } from './label-title.js';
export { clipText, storableJson, storableText } from './storable.js';
