import { badRequest } from './api-error.js';
import { type Collection } from './collection.js';
import { fullName } from './contact-views.js';
import { newId } from './identifiers.js';
import { type Contact, type Location, type Message, type User } from './model.js';

/** What a person wrote; the rest of a message follows from who they are. */
export interface WrittenMessage extends Pick<Message, 'channel' | 'body'> {
  subject?: string;
  /** Who in the location wrote it; absent: the contact did. */
  user?: User;
}

/** The messages of all contacts. */
export class MessageBook {
  private readonly byContact = new Map<string, Message[]>();

  /** @param added is told of each message after it is on disk */
  constructor(
    private readonly records: Collection<Message>,
    private readonly now: () => number,
    private readonly added: (message: Message) => void,
  ) {
    for (const message of records.values()) this.index(message);
  }

  /** Oldest first. */
  list(contactId: string): readonly Message[] {
    return this.byContact.get(contactId) ?? [];
  }

  /** @throws ApiError 400 where one of the two has no address on the channel */
  add(location: Location, contact: Contact, { user, subject, ...written }: WrittenMessage): Message {
    const earlier = this.list(contact.id);
    const id = newId();
    const message: Message = {
      id,
      locationId: location.id,
      contactId: contact.id,
      conversationId: earlier[0]?.conversationId ?? newId(),
      direction: user ? 'outbound' : 'inbound',
      ...written,
      ...addresses(location, contact, written.channel, user),
      ...(user && { userId: user.id }),
      ...(written.channel === 'Email' && {
        subject: subject ?? '',
        threadId: threadOf(earlier, subject) ?? id,
      }),
      dateAdded: new Date(this.now()).toISOString(),
    };
    this.records.set(id, message);
    this.index(message);
    this.added(message);
    return message;
  }

  /** The conversation goes with its contact. */
  forget(contactId: string): void {
    for (const { id } of this.list(contactId)) this.records.delete(id);
    this.byContact.delete(contactId);
  }

  private index(message: Message): void {
    const messages = this.byContact.get(message.contactId) ?? [];
    messages.push(message);
    this.byContact.set(message.contactId, messages);
  }
}

function addresses(
  location: Location,
  contact: Contact,
  channel: Message['channel'],
  user: User | undefined,
): Pick<Message, 'from' | 'to'> {
  const [there, here] = channel === 'SMS' ? [contact.phone, location.phone] : [contact.email, location.email];
  if (there === undefined)
    throw badRequest(`Contact with id ${contact.id} has no ${channel === 'SMS' ? 'phone number' : 'email'}`);
  const sender = user ? `${user.firstName} ${user.lastName}` : fullName(contact);
  const [from, to] = user ? [here, there] : [there, here];
  return { from: channel === 'Email' && sender !== undefined ? `${sender} <${from}>` : from, to };
}

/** An answer has the subject of what it answers. */
function threadOf(earlier: readonly Message[], subject = ''): string | undefined {
  const bare = (text: string): string => text.replace(/^(re:\s*)+/i, '').trim();
  return earlier.findLast(
    (message) => message.subject !== undefined && bare(message.subject) === bare(subject),
  )?.threadId;
}
