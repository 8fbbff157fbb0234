import { type DndSettings, type HighLevelContact } from './contact.js';

/**
 * Bodies of webhook events, as they come: flat, nothing certain but `type`, more fields than are named here
 * (HL 4.5). These types describe unchecked JSON; `readContact` turns a contact event into a checked contact.
 */
export interface WebhookEvent {
  type: string;
  locationId?: string;
  companyId?: string;
  /** The client id before its hyphen. HighLevel's key is the same for all apps: compare where present (HL 4.2). */
  appId?: string;
  versionId?: string;
  /** ISO 8601. */
  timestamp?: string;
  /** One per delivery, the same over its retries (HL 4.4). */
  webhookId?: string;
}

export interface ContactEvent extends WebhookEvent, Partial<Omit<HighLevelContact, 'type' | 'searchAfter'>> {
  type: 'ContactCreate' | 'ContactUpdate' | 'ContactDelete' | 'ContactTagUpdate' | 'ContactDndUpdate';
  dndSettings?: DndSettings;
}

/** Agency-level installs have no `locationId` (HL 4.6). */
export interface InstallEvent extends WebhookEvent {
  type: 'INSTALL';
  installType?: 'Location' | 'Company';
  userId?: string;
  companyName?: string;
  isWhitelabelCompany?: boolean;
  whitelabelDetails?: { domain?: string; logoUrl?: string };
  planId?: string;
}

/** With `companyId` alone it ends every location of that agency (HL 4.6). */
export interface UninstallEvent extends WebhookEvent {
  type: 'UNINSTALL';
}

/** Where `type` and `direction` disagree, `direction` is right (HL 4.8). */
export interface MessageEvent extends WebhookEvent {
  type: 'InboundMessage' | 'OutboundMessage';
  contactId?: string;
  conversationId?: string;
  messageId?: string;
  /** E-mail only: one mail inside the thread. */
  emailMessageId?: string;
  threadId?: string;
  body?: string;
  subject?: string;
  from?: string;
  to?: string | string[];
  cc?: string | string[];
  bcc?: string | string[];
  contentType?: string;
  attachments?: string[];
  direction?: 'inbound' | 'outbound';
  messageType?: string;
  messageTypeId?: number;
  /** `TYPE_…`, the most reliable discriminator (HL 4.8). */
  messageTypeString?: string;
  status?: string;
  source?: string;
  userId?: string;
  conversationProviderId?: string;
  /** Seconds. */
  callDuration?: number;
  callStatus?: string;
  dateAdded?: string;
}

export interface ConversationUnreadEvent extends WebhookEvent {
  type: 'ConversationUnreadUpdate';
  /** Conversation id. */
  id?: string;
  contactId?: string;
  unreadCount?: number;
  inbox?: boolean;
  starred?: boolean;
  deleted?: boolean;
}

export interface LocationEvent extends WebhookEvent {
  type: 'LocationCreate' | 'LocationUpdate';
  /** The location; there is no `locationId` (HL 4.11). */
  id?: string;
  name?: string;
  email?: string;
}

export interface UserEvent extends WebhookEvent {
  type: 'UserCreate' | 'UserUpdate' | 'UserDelete';
  id?: string;
  firstName?: string;
  lastName?: string;
  email?: string;
  phone?: string;
  role?: string;
  /** Agency users only. */
  locations?: string[];
}

export type KnownWebhookEvent =
  | ContactEvent
  | InstallEvent
  | UninstallEvent
  | MessageEvent
  | ConversationUnreadEvent
  | LocationEvent
  | UserEvent;
