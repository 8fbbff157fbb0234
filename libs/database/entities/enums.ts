/** DeskFlow stores enumerations as integers (DM 2). A type of the same name holds the values. */
type ValueOf<T> = T[keyof T];

export const HookStatus = { disabled: 0, enabled: 1 } as const;
export type HookStatus = ValueOf<typeof HookStatus>;

export const HookType = { account: 0, inbox: 1 } as const;
export type HookType = ValueOf<typeof HookType>;

export const Role = { agent: 0, administrator: 1 } as const;
export type Role = ValueOf<typeof Role>;

export const Availability = { online: 0, offline: 1, busy: 2 } as const;
export type Availability = ValueOf<typeof Availability>;

export const AccountStatus = { active: 0, suspended: 1 } as const;
export type AccountStatus = ValueOf<typeof AccountStatus>;

/** The locale of an account, by its number. */
export const ACCOUNT_LOCALES: readonly string[] = (
  'en ar nl fr de hi it ja ko pt ru zh es ml ca el pt_BR ro ta fa zh_TW vi da tr cs fi id sv hu no zh_CN pl sk uk th ' +
  'lv is he lt sr bg'
).split(' ');

export const ContactType = { visitor: 0, lead: 1, customer: 2 } as const;
export type ContactType = ValueOf<typeof ContactType>;

export const ConversationStatus = { open: 0, resolved: 1, pending: 2, snoozed: 3 } as const;
export type ConversationStatus = ValueOf<typeof ConversationStatus>;

export const ConversationPriority = { low: 0, medium: 1, high: 2, urgent: 3 } as const;
export type ConversationPriority = ValueOf<typeof ConversationPriority>;

export const MessageType = { incoming: 0, outgoing: 1, activity: 2, template: 3 } as const;
export type MessageType = ValueOf<typeof MessageType>;

export const MessageStatus = { sent: 0, delivered: 1, read: 2, failed: 3 } as const;
export type MessageStatus = ValueOf<typeof MessageStatus>;

export const MessageContentType = {
  text: 0,
  input_text: 1,
  input_textarea: 2,
  input_email: 3,
  input_select: 4,
  cards: 5,
  form: 6,
  article: 7,
  incoming_email: 8,
  input_csat: 9,
  integrations: 10,
  sticker: 11,
  voice_call: 12,
} as const;
export type MessageContentType = ValueOf<typeof MessageContentType>;

/** Owners an access token can have. Rails stores the class name. */
export const TokenOwner = { user: 'User', agentBot: 'AgentBot', platformApp: 'PlatformApp' } as const;
export type TokenOwner = ValueOf<typeof TokenOwner>;

/** `integrations_hooks.app_id` of this integration. */
export const GOHIGHLEVEL_APP_ID = 'gohighlevel';
