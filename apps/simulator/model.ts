/** What the stand-in HighLevel knows. Shapes are those of storage; answers are built from them, call by call. */

export type Json = Record<string, unknown>;

export type UserType = 'Location' | 'Company';

export interface Company {
  id: string;
  name: string;
  email: string;
  plan: number;
  relationshipNumber: string;
}

export interface Location {
  id: string;
  companyId: string;
  name: string;
  address: string;
  city: string;
  state: string;
  /** Two-letter code: the region of phone numbers written without one (HL 5.5). */
  country: string;
  postalCode: string;
  website: string;
  timezone: string;
  email: string;
  phone: string;
  /** Two contacts may share an e-mail or phone (HL 5.9). */
  allowDuplicateContact: boolean;
  /** What makes a contact a duplicate, most important first. */
  uniqueFields: ('email' | 'phone')[];
  /** A suspended location refuses tokens with `Location is not active` (HL 2.6). */
  active: boolean;
}

export interface User {
  id: string;
  companyId: string;
  firstName: string;
  lastName: string;
  email: string;
  phone: string;
  type: 'account' | 'agency';
  role: 'admin' | 'user';
  locationIds: string[];
}

export interface CustomField {
  id: string;
  locationId: string;
  name: string;
  /** `contact.<name>` (HL 5.8). */
  fieldKey: string;
  dataType: 'TEXT' | 'NUMERICAL' | 'MULTIPLE_OPTIONS';
  position: number;
  picklistOptions?: string[];
}

export interface DndSetting {
  status: 'active' | 'inactive' | 'permanent';
  message?: string;
  code?: string;
}

export interface FieldValue {
  id: string;
  value: unknown;
}

/** Absent means empty: nothing is ever stored as null or ''. */
export interface Contact {
  id: string;
  locationId: string;
  firstName?: string;
  lastName?: string;
  email?: string;
  /** E.164 where it could be read as a number, else as it came. */
  phone?: string;
  companyName?: string;
  address1?: string;
  city?: string;
  state?: string;
  postalCode?: string;
  country?: string;
  website?: string;
  timezone?: string;
  gender?: string;
  source?: string;
  assignedTo?: string;
  /** ISO date-time at midnight UTC (HL 4.7). */
  dateOfBirth?: string;
  /** Lower case, in the order they came. */
  tags: string[];
  customFields: FieldValue[];
  dnd: boolean;
  dndSettings?: Record<string, DndSetting>;
  inboundDndSettings?: Record<string, DndSetting>;
  /** ISO 8601. */
  dateAdded: string;
  dateUpdated: string;
}

export const CHANNELS = ['SMS', 'Email'] as const;
export type Channel = (typeof CHANNELS)[number];
export const MESSAGE_DIRECTIONS = ['inbound', 'outbound'] as const;
export type MessageDirection = (typeof MESSAGE_DIRECTIONS)[number];

/** What a contact wrote to the location, or somebody there to the contact. */
export interface Message {
  id: string;
  locationId: string;
  contactId: string;
  /** Of a contact there is one, for all channels. */
  conversationId: string;
  channel: Channel;
  direction: MessageDirection;
  /** As typed. */
  body: string;
  /** Phone numbers; of an e-mail the sender as `Name <address>`, and an address. */
  from: string;
  to: string;
  /** Outbound only: who wrote it. */
  userId?: string;
  /** E-mail only, as is `threadId`. */
  subject?: string;
  /** Id of the message that stands for the thread: the first one (HL 6.5). */
  threadId?: string;
  /** ISO 8601. */
  dateAdded: string;
}

/** The app in a location, or in a whole company. The key is `<userType>:<id>`. */
export interface Installation {
  userType: UserType;
  companyId: string;
  /** Absent for a company. */
  locationId?: string;
  scope: string;
  userId: string;
  installedAt: string;
  /** Company only. */
  approvedLocations?: string[];
  approveAllLocations?: boolean;
  installToFutureLocations?: boolean;
}

/** What a token stands for. */
export interface Grant {
  userType: UserType;
  companyId: string;
  locationId?: string;
  scope: string;
  userId: string;
}

/** Times are epoch milliseconds. */
export interface StoredToken {
  grant: Grant;
  expiresAt: number;
}

export interface AuthorizationCode extends StoredToken {
  /** As sent to the consent page; absent for a code of `/oauth/reconnect`. */
  redirectUri?: string;
}

/** What a token or an installation belongs to: the id a rate budget is counted by (HL 3). */
export function resourceOf(owner: { companyId: string; locationId?: string }): string {
  return owner.locationId ?? owner.companyId;
}
