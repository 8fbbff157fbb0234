import { type Json } from './model.js';
import {
  contactEvents,
  type EventStamp,
  installEvent,
  messageEvent,
  uninstallEvent,
} from './webhook-events.js';
import { type World, type WorldEvents } from './world.js';

/** The scopes that events need (HL 2.10). */
const CONTACT_EVENTS_SCOPE = 'contacts.readonly';
const MESSAGE_EVENTS_SCOPE = 'conversations/message.readonly';

export interface WebhookFeedParts {
  appId: string;
  now: () => number;
  /** Called once something happens, not before. */
  world: () => World;
  send: (event: Json) => void;
}

/**
 * Turns what happens into events for the app: of contacts and messages only where it is installed, with
 * their scope, in a location that is active; what the app itself changed is told to it like everything else (HL 4.7).
 */
export function webhookFeed({ appId, now, world, send }: WebhookFeedParts): WorldEvents {
  const stamp = (): EventStamp => ({ appId, now: now() });
  const mayKnow = (locationId: string, scope: string): boolean => {
    const { installations, locations } = world();
    const scopes = installations.find('Location', locationId)?.scope.split(' ') ?? [];
    return scopes.includes(scope) && locations.get(locationId)?.active === true;
  };
  return {
    contactChanged: (change) => {
      const locationId = (change.after ?? change.before)?.locationId ?? '';
      if (!mayKnow(locationId, CONTACT_EVENTS_SCOPE)) return;
      for (const event of contactEvents(change, stamp())) send(event);
    },
    messageAdded: (message) => {
      if (mayKnow(message.locationId, MESSAGE_EVENTS_SCOPE)) send(messageEvent(message, stamp()));
    },
    installed: (installation, byItself = false) => {
      const company = world().companies.get(installation.companyId);
      if (company) send(installEvent(installation, company, stamp(), byItself));
    },
    uninstalled: (owner) => send(uninstallEvent(owner, stamp())),
  };
}
