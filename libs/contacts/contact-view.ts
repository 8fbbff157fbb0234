import { type Contact, ContactInbox, Inbox } from '#libs/database';
import { type Shape } from '#libs/http';
import { type EntityManager, In } from 'typeorm';
import { type ContactDto, type ContactInboxDto } from './contact.dto.js';

/** Contacts as Chatwoot's API answers them (DM 3). */
export async function viewContacts(
  manager: EntityManager,
  accountId: number,
  contacts: readonly Contact[],
): Promise<Shape<ContactDto>[]> {
  const inboxes = await contactInboxes(
    manager,
    accountId,
    contacts.map(({ id }) => id),
  );
  return contacts.map((contact) => ({
    id: contact.id,
    name: contact.name ?? '',
    email: contact.email,
    phone_number: contact.phoneNumber,
    identifier: contact.identifier,
    blocked: contact.blocked,
    thumbnail: '',
    availability_status: 'offline',
    additional_attributes: contact.additionalAttributes ?? {},
    custom_attributes: contact.customAttributes ?? {},
    ...(contact.lastActivityAt && { last_activity_at: epochSeconds(contact.lastActivityAt) }),
    created_at: epochSeconds(contact.createdAt),
    contact_inboxes: inboxes.get(contact.id) ?? [],
  }));
}

async function contactInboxes(
  manager: EntityManager,
  accountId: number,
  contactIds: readonly number[],
): Promise<ReadonlyMap<number, Shape<ContactInboxDto>[]>> {
  const byContact = new Map<number, Shape<ContactInboxDto>[]>();
  if (contactIds.length === 0) return byContact;
  const sources = await manager.find(ContactInbox, {
    where: { contactId: In(contactIds) },
    order: { id: 'asc' },
  });
  if (sources.length === 0) return byContact;
  const inboxes = await manager.findBy(Inbox, { accountId, id: In(sources.map(({ inboxId }) => inboxId)) });
  for (const { contactId, inboxId, sourceId } of sources) {
    const inbox = inboxes.find(({ id }) => id === inboxId);
    if (!inbox) continue;
    const { id, channelId, name, channelType } = inbox;
    const view = {
      source_id: sourceId,
      inbox: { id, channel_id: channelId, name, channel_type: channelType },
    };
    byContact.set(contactId, [...(byContact.get(contactId) ?? []), view]);
  }
  return byContact;
}

function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
