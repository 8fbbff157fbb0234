import { type FieldName } from './canonical-contact.js';
import { type ContactLink } from '#libs/database';
import { type ReadContact } from './read-contact.js';
import { type ContactEvent, type HighLevelContact } from '#libs/highlevel';

/** A contact event out of the inbox. */
export interface InboundContactEvent {
  /** The inbox row. */
  readonly id: number;
  /** When it happened by HighLevel's clock; null when the event does not say. */
  readonly eventAt: Date | null;
  readonly event: ContactEvent;
}

export type InboundResult =
  /** `created`: a contact DeskFlow did not have; `stale`: what is known already is later. */
  | { readonly id: number; readonly outcome: 'created' | 'applied' | 'unchanged' | 'stale' }
  | { readonly id: number; readonly outcome: 'ignored'; readonly reason: IgnoredReason };

export type IgnoredReason =
  /** The event names no contact. */
  | 'missing_contact_id'
  /** It may be one of several contacts of DeskFlow: a person decides. */
  | 'ambiguous_match'
  /** A deletion of a contact that was never here. */
  | 'unknown_contact'
  /** A person wants the two to go their own ways. */
  | 'unlinked'
  /** A person deleted it here; HighLevel's events do not bring it back. */
  | 'deleted_in_deskflow'
  /** Deleted there, and the event is no proof that it came back. */
  | 'deleted_in_highlevel';

/** What HighLevel's API says about contacts of which events told only a part, by HighLevel's contact id. */
export type FetchedContacts = ReadonlyMap<string, FetchedContact>;

export interface FetchedContact {
  readonly contact: HighLevelContact;
  /** Whether the link has not moved on since HighLevel was asked; else it knows more than the answer. */
  readonly isCurrent: (link: ContactLink | undefined) => boolean;
  /** Fields that the answer never carries: their absence says nothing. */
  readonly unsaid?: readonly FieldName[];
  /** What was read of it before. */
  readonly read?: ReadContact | undefined;
}
