import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ContactChange } from './contact-book.js';
import { dndEventView, eventView } from './contact-views.js';
import { messageEventView } from './message-views.js';
import { type Company, type Contact, type Installation, type Json, type Message } from './model.js';
import { omit } from './records.js';

/** What every event carries in practice (HL 4.5). */
export interface EventStamp {
  /** The client id before its hyphen. */
  appId: string;
  now: number;
}

/** The events one change raises: several when it touched several things (HL 4.4). */
export function contactEvents({ before, after }: ContactChange, stamp: EventStamp): Json[] {
  if (before && after) {
    const events: Json[] = [];
    if (!isDeepStrictEqual(plainFields(before), plainFields(after)))
      events.push(event('ContactUpdate', eventView(after), stamp));
    if (!isDeepStrictEqual(before.tags, after.tags))
      events.push(event('ContactTagUpdate', eventView(after), stamp));
    if (before.dnd !== after.dnd || !isDeepStrictEqual(before.dndSettings, after.dndSettings))
      events.push(event('ContactDndUpdate', dndEventView(after), stamp));
    return events;
  }
  if (after) return [event('ContactCreate', eventView(after), stamp)];
  return before ? [event('ContactDelete', eventView(before), stamp)] : [];
}

/** HL 4.8. */
export function messageEvent(message: Message, stamp: EventStamp): Json {
  const type = message.direction === 'inbound' ? 'InboundMessage' : 'OutboundMessage';
  return event(type, messageEventView(message), stamp);
}

/** HL 4.6. Where a new location got the app by itself, nobody and no agency need be named. */
export function installEvent(
  installation: Installation,
  company: Company,
  stamp: EventStamp,
  byItself = false,
): Json {
  const { userType, locationId, companyId, userId } = installation;
  if (byItself) return event('INSTALL', { installType: userType, locationId }, stamp);
  return event(
    'INSTALL',
    {
      installType: userType,
      ...(locationId !== undefined && { locationId }),
      companyId,
      userId,
      companyName: company.name,
      isWhitelabelCompany: false,
      whitelabelDetails: {},
    },
    stamp,
  );
}

/** Names the location, or the company when the app left all of it (HL 4.6). */
export function uninstallEvent(
  owner: { locationId: string } | { companyId: string },
  stamp: EventStamp,
): Json {
  return event('UNINSTALL', owner, stamp);
}

/** What `ContactUpdate` is about: tags and DND have events of their own, and inbound DND raises none (HL 4.7). */
function plainFields(contact: Contact): Partial<Contact> {
  return omit(contact, ['tags', 'dnd', 'dndSettings', 'inboundDndSettings', 'dateUpdated']);
}

function event(type: string, content: Json, { appId, now }: EventStamp): Json {
  return {
    type,
    appId,
    versionId: appId,
    ...content,
    timestamp: new Date(now).toISOString(),
    webhookId: randomUUID(),
  };
}
