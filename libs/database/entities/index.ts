import { AccessToken } from './access-token.js';
import { AccountUser } from './account-user.js';
import { Account } from './account.js';
import { Agency } from './agency.js';
import { AuditEvent } from './audit-event.js';
import { Connection } from './connection.js';
import { ContactImport } from './contact-import.js';
import { ContactInbox } from './contact-inbox.js';
import { ContactLink } from './contact-link.js';
import { Contact } from './contact.js';
import { Conversation } from './conversation.js';
import { Hook } from './hook.js';
import { Inbox } from './inbox.js';
import { InstallationConfig } from './installation-config.js';
import { Label, Tag, Tagging } from './labels.js';
import { Message } from './message.js';
import { ReconcileRequest } from './reconcile-request.js';
import { SyncConflict } from './sync-conflict.js';
import { SyncSettings } from './sync-settings.js';
import { User } from './user.js';

/** Every entity a data source of this service knows. */
export const ENTITIES = [
  AccessToken,
  Account,
  AccountUser,
  Agency,
  AuditEvent,
  Connection,
  Contact,
  ContactImport,
  ContactInbox,
  ContactLink,
  Conversation,
  Hook,
  Inbox,
  InstallationConfig,
  Label,
  Message,
  ReconcileRequest,
  SyncConflict,
  SyncSettings,
  Tag,
  Tagging,
  User,
] as const;

export * from './enums.js';
export * from './work-state.js';
export { AUDIT_ACTOR_KINDS, AUDIT_OUTCOMES, type AuditActorKind, type AuditOutcome } from './audit-event.js';
export { CONNECTION_STATES, type ConnectionState } from './connection.js';
export { RECONCILE_REASONS, type ReconcileReason } from './reconcile-request.js';
export {
  IMPORT_DIRECTIONS,
  IMPORT_STATES,
  type ImportCounts,
  type ImportDirection,
  type ImportSelection,
  type ImportState,
} from './contact-import.js';
export { SYNC_DIRECTIONS, type SyncDirection } from './contact-link.js';
export { CONFLICT_SIDES, type ConflictSide } from './sync-conflict.js';
export {
  CONFLICT_POLICIES,
  type ConflictPolicy,
  DELETION_CHOICES,
  type DeletionChoice,
  SSO_ROLES,
  type SsoRole,
} from './sync-settings.js';
export {
  AccessToken,
  Account,
  AccountUser,
  Agency,
  AuditEvent,
  Connection,
  Contact,
  ContactImport,
  ContactInbox,
  ContactLink,
  Conversation,
  Hook,
  Inbox,
  InstallationConfig,
  Label,
  Message,
  ReconcileRequest,
  SyncConflict,
  SyncSettings,
  Tag,
  Tagging,
  User,
};
