import { type ContactFields, present, readSnapshot } from './canonical-contact.js';
import { type ContactLink } from '#libs/database';
import { latestVersion, type RemoteState, stateAfter } from './fold-events.js';
import { type FetchedContact, type IgnoredReason, type InboundContactEvent } from './inbound-event.js';
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
export interface News extends RemoteState {
  /** When HighLevel's side was like that; null when that is not known. */
  readonly version: Date | null;
  /** The contact was deleted in HighLevel and is back. */
  readonly revives: boolean;
}

/** What was fetched is the whole truth, unless the link has moved on since. */
export function readNews(
  { events, revives }: { readonly events: readonly InboundContactEvent[]; readonly revives: boolean },
  { country, fields: map }: InboundSource,
  link: ContactLink | undefined,
  fetched: FetchedContact | undefined,
): News {
  const isCurrent = fetched?.isCurrent(link) === true;
  const state = isCurrent
    ? { fields: whole(fetched, link, country), isComplete: true }
    : stateAfter(events, link, country);
  const before = link?.remoteVersion ?? null;
  // A later date would make the event stale that brings what is missing here.
  const version = state.isComplete
    ? latestVersion(events, isCurrent ? fetched.contact : undefined, before)
    : before;
  const fields = map.heardOfRemote(state.fields, readSnapshot(link?.snapshot));
  return { ...state, fields, version, revives };
}

function whole(
  { contact, unsaid = [] }: FetchedContact,
  link: ContactLink | undefined,
  country: string | null,
): ContactFields {
  const said = remoteFields(contact, country);
  if (!link) return said;
  const known = readSnapshot(link.snapshot);
  const kept = unsaid.map((field) => [field, known[field]]);
  return present({ ...(Object.fromEntries(kept) as ContactFields), ...said });
}
