import { Injectable } from '@nestjs/common';
import { ContactStore } from '#libs/contacts';
import { type Contact } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { type ContactFields } from './canonical-contact.js';
import { ContactLinks, type Place } from './contact-links.js';
import { identityOf } from './reachable.js';

export const AMBIGUITIES = ['several_with_email', 'several_with_phone'] as const;
export type Ambiguity = (typeof AMBIGUITIES)[number];

/** Who of DeskFlow an unlinked contact of HighLevel is. */
export type Matching =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'somebody'; readonly contact: Contact }
  /** One of several: nothing tells which. */
  | { readonly kind: 'ambiguous'; readonly reason: Ambiguity; readonly candidateIds: readonly number[] };

/** Finds the contact of DeskFlow that a contact of HighLevel is. Everything runs in the caller's transaction. */
@Injectable()
export class ContactMatching {
  constructor(
    private readonly store: ContactStore,
    private readonly links: ContactLinks,
  ) {}

  /**
   * By e-mail, whatever its case, then by phone; who has a partner already is somebody else. E-mail and phone stay
   * locked, so that of two events for one person the second finds what the first made; so does the one that is found.
   */
  async find(manager: EntityManager, place: Place, remote: ContactFields): Promise<Matching> {
    const { byEmail, byPhone } = await this.store.allHolders(manager, place.accountId, identityOf(remote));
    // The same phone with another e-mail address is another person (DM 2).
    const isSamePerson = ({ email }: Contact): boolean =>
      !email || !remote.email || email.toLowerCase() === remote.email;
    const groups = [
      ['several_with_email', byEmail],
      ['several_with_phone', byPhone.filter(isSamePerson)],
    ] as const;
    for (const [reason, candidates] of groups) {
      const free = await this.withoutPartner(
        manager,
        place,
        candidates.map(({ id }) => id),
      );
      const [contact, another] = free;
      if (another) return { kind: 'ambiguous', reason, candidateIds: free.map(({ id }) => id) };
      if (contact) return { kind: 'somebody', contact };
    }
    return { kind: 'nobody' };
  }

  /** Those of them who may get one, locked. A link to a contact that HighLevel deleted does not count. */
  async withoutPartner(
    manager: EntityManager,
    place: Place,
    contactIds: readonly number[],
  ): Promise<Contact[]> {
    if (contactIds.length === 0) return [];
    const locked = await this.store.findAllForUpdate(manager, place.accountId, contactIds);
    const links = await this.links.ofContacts(manager, place.accountId, contactIds);
    const taken = new Set(
      links
        .filter(
          ({ locationId, remoteDeletedAt }) => locationId === place.locationId && remoteDeletedAt === null,
        )
        .map(({ contactId }) => contactId),
    );
    return locked.filter(({ id }) => !taken.has(id));
  }
}
