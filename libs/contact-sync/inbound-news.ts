import { type ContactFields, present, readSnapshot } from './canonical-contact.js';
import { type ContactDraft } from './contact-draft.js';
import { type ContactLink } from '#libs/database';
import { type FoldedContact, latestVersion, stateAfter } from './fold-events.js';
import { type FetchedContact, type FetchedContacts, type IgnoredReason } from './inbound-event.js';
import { remoteFields } from './remote-contact.js';
import { type FieldMap } from './field-map.js';
import { type SyncPolicy } from './sync-choices.js';

/** Whose events are applied. */
export interface InboundSource {
  readonly id: number;
  readonly accountId: number;
  readonly referenceId: string | null;
  /** That of the location: two letters. */
  readonly country: string | null;
  readonly choices: SyncPolicy;
  readonly fields: FieldMap;
}

export type Outcome = 'created' | 'applied' | 'unchanged' | IgnoredReason;

/** HighLevel's side of a contact, as it is now. */
export interface News {
  readonly ghlContactId: string;
  readonly fields: ContactFields;
  /** When HighLevel's side was like that; null when that is not known. */
  readonly version: Date | null;
  /** The contact was deleted in HighLevel and is back. */
  readonly revives: boolean;
  /** These fields as a new contact of DeskFlow, where they were drafted before. */
  readonly draft?: ContactDraft | undefined;
}

/**
 * What HighLevel tells of a contact: what was fetched is the whole truth, unless the link has moved on since.
 * @returns undefined where nothing is to be applied
 */
export function newsOf(
  { ghlContactId, link, decision }: FoldedContact,
  { country, fields: map }: InboundSource,
  fetched: FetchedContacts,
): News | undefined {
  if (decision.kind !== 'apply') return undefined;
  const { events, revives } = decision;
  const found = fetched.get(ghlContactId);
  const current = found?.isCurrent(link) === true ? found : undefined;
  const state = current
    ? { fields: whole(current, link, country), isComplete: true }
    : stateAfter(events, link, country);
  const before = link?.remoteVersion ?? null;
  // A later date would make the event stale that brings what is missing here.
  const version = state.isComplete ? latestVersion(events, current?.contact, before) : before;
  const fields = map.heardOfRemote(state.fields, readSnapshot(link?.snapshot));
  const read = current?.read;
  return { ghlContactId, fields, version, revives, draft: read?.said === fields ? read.draft : undefined };
}

function whole(
  { contact, unsaid = [], read }: FetchedContact,
  link: ContactLink | undefined,
  country: string | null,
): ContactFields {
  const said = read?.country === country ? read.said : remoteFields(contact, country);
  if (!link) return said;
  const known = readSnapshot(link.snapshot);
  const kept = unsaid.map((field) => [field, known[field]]);
  return present({ ...(Object.fromEntries(kept) as ContactFields), ...said });
}
