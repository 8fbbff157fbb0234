import { type ApiError, badRequest } from './api-error.js';
import { type ContactBook, type Duplicate } from './contact-book.js';
import { applyChanges } from './contact-changes.js';
import { type ContactChanges } from './contact-input.js';
import { fullName } from './contact-views.js';
import { type Contact, type Location } from './model.js';

/** What may be stored: the duplicate rules of HL 5.9, the same for the app's calls and for a person's hand. */
export class ContactRules {
  constructor(private readonly book: ContactBook) {}

  /** @throws ApiError 400 naming the contact that is there already */
  create(location: Location, changes: ContactChanges): Contact {
    const contact = this.book.draft(location, changes);
    this.refuseDuplicate(location, contact);
    return this.book.add(contact);
  }

  /** @throws ApiError 400 when e-mail or phone would become another contact's */
  update(location: Location, contact: Contact, changes: ContactChanges): Contact {
    const after = applyChanges(contact, changes, location.country);
    const { email, phone } = after;
    this.refuseDuplicate(
      location,
      {
        email: email === contact.email ? undefined : email,
        phone: phone === contact.phone ? undefined : phone,
      },
      contact.id,
    );
    return this.book.replace(contact, after);
  }

  /** Updates the contact that the location's rule finds, or creates one. */
  upsert(
    location: Location,
    changes: ContactChanges,
    alwaysNew: boolean,
  ): { contact: Contact; created: boolean } {
    const draft = this.book.draft(location, changes);
    const found =
      alwaysNew && location.allowDuplicateContact ? undefined : this.book.findDuplicate(location, draft);
    if (!found) return { contact: this.book.add(draft), created: true };
    const kept = this.withoutForeignAddress(location, found, draft, changes);
    const after = applyChanges(found.contact, kept, location.country);
    return { contact: this.book.replace(found.contact, after), created: false };
  }

  /** Where e-mail and phone are those of two contacts, the value of the second one is ignored (HL 5.9). */
  private withoutForeignAddress(
    location: Location,
    { contact, field }: Duplicate,
    draft: Contact,
    changes: ContactChanges,
  ): ContactChanges {
    if (location.allowDuplicateContact) return changes;
    const second = field === 'email' ? 'phone' : 'email';
    const foreign = this.book.findDuplicate(location, { [second]: draft[second] }, contact.id);
    return foreign ? { ...changes, [second]: undefined } : changes;
  }

  private refuseDuplicate(
    location: Location,
    { email, phone }: { email?: string; phone?: string },
    exceptId?: string,
  ): void {
    if (location.allowDuplicateContact) return;
    const found = this.book.findDuplicate(location, { email, phone }, exceptId);
    if (found) throw duplicateRefused(found);
  }
}

function duplicateRefused({ contact, field }: Duplicate): ApiError {
  return badRequest('This location does not allow duplicated contacts.', {
    meta: {
      contactId: contact.id,
      contactName: fullName(contact)?.toLowerCase() ?? '',
      matchingField: field,
    },
  });
}
