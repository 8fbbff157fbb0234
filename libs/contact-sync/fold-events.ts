import { type ContactLink } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { type ContactFields, fieldNames, readSnapshot, sameValue } from './canonical-contact.js';
import { type IgnoredReason, type InboundContactEvent } from './inbound-event.js';
import { contactOfEvent, lackingFields, overlay } from './remote-contact.js';

type LinkState = Pick<
  ContactLink,
  'snapshot' | 'remoteVersion' | 'remoteDeletedAt' | 'localDeletedAt' | 'unlinkedAt'
>;

/** What the events of one contact amount to. */
export type Decision =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'ignore'; readonly reason: IgnoredReason }
  /** A deletion of a contact that was never here; null where it does not say when it was. */
  | { readonly kind: 'remember'; readonly deletedAt: Date | null }
  | { readonly kind: 'archive'; readonly at: Date | null }
  | { readonly kind: 'apply'; readonly events: readonly InboundContactEvent[]; readonly revives: boolean };

export interface FoldedEvents {
  /** Older than what was applied last: late deliveries. */
  readonly stale: readonly InboundContactEvent[];
  readonly current: readonly InboundContactEvent[];
  readonly decision: Decision;
}

/** Events of one contact, and what they amount to. */
export interface FoldedContact extends FoldedEvents {
  readonly ghlContactId: string;
  readonly link: ContactLink | undefined;
}

/** What is known of a contact that was deleted before it came here. */
export function linkOfDeleted(deletedAt: Date): LinkState {
  return {
    snapshot: {},
    remoteVersion: deletedAt,
    remoteDeletedAt: deletedAt,
    localDeletedAt: null,
    unlinkedAt: null,
  };
}

/** @param events those of one contact, in any order */
export function foldEvents(
  events: readonly InboundContactEvent[],
  link: LinkState | undefined,
): FoldedEvents {
  const sorted = events.toSorted(byTime);
  const version = link?.remoteVersion;
  const stale = sorted.filter(({ eventAt }) => version && eventAt && eventAt < version);
  const current = stale.length === 0 ? sorted : sorted.filter((event) => !stale.includes(event));
  return { stale, current, decision: decide(current, link) };
}

function decide(events: readonly InboundContactEvent[], link: LinkState | undefined): Decision {
  if (events.length === 0) return { kind: 'nothing' };
  if (link?.unlinkedAt) return { kind: 'ignore', reason: 'unlinked' };
  if (link?.localDeletedAt) return { kind: 'ignore', reason: 'deleted_in_deskflow' };
  const lastDelete = events.findLastIndex(({ event }) => event.type === 'ContactDelete');
  const deletion = events[lastDelete];
  const after = events.slice(lastDelete + 1);
  const deletedAt = deletion?.eventAt ?? link?.remoteDeletedAt ?? null;
  if (deletion === undefined && !link?.remoteDeletedAt)
    return { kind: 'apply', events: after, revives: false };
  if (after.some((event) => provesExistence(event, deletedAt)))
    return { kind: 'apply', events: after, revives: true };
  if (link === undefined) return { kind: 'remember', deletedAt };
  if (deletion === undefined) return { kind: 'ignore', reason: 'deleted_in_highlevel' };
  return link.remoteDeletedAt ? { kind: 'nothing' } : { kind: 'archive', at: deletion.eventAt };
}

/** Only these two follow a restored contact; a late tag or DND event does not bring one back. */
function provesExistence({ event, eventAt }: InboundContactEvent, deletedAt: Date | null): boolean {
  const isFull = event.type === 'ContactCreate' || event.type === 'ContactUpdate';
  return isFull && (deletedAt === null || (eventAt !== null && eventAt > deletedAt));
}

/** HighLevel's state after the events, as far as they tell. */
export interface RemoteState {
  readonly fields: ContactFields;
  /** False: some field may have been cleared, or changed before the events, without our knowing. */
  readonly isComplete: boolean;
}

/** @param country that of the location */
export function stateAfter(
  events: readonly InboundContactEvent[],
  link: LinkState | undefined,
  country: string | null,
): RemoteState {
  let state: RemoteState = { fields: readSnapshot(link?.snapshot), isComplete: true };
  let before = link?.remoteVersion?.getTime();
  for (const { event, eventAt } of events) {
    const contact = contactOfEvent(event);
    if (!contact) continue;
    const { fields } = state;
    const isPart = event.type === 'ContactDndUpdate'; // e-mail, phone and DND, nothing else (HL 4.7)
    const told = overlay(fields, contact, country);
    // Two states of one millisecond: nothing tells which of them was the later.
    const isTie = eventAt !== null && eventAt.getTime() === before && !areEqual(fields, told);
    state = {
      fields: told,
      isComplete: !isPart && !isTie && lackingFields(fields, contact, country).length === 0,
    };
    before = eventAt?.getTime() ?? before;
  }
  return state;
}

function areEqual(one: ContactFields, other: ContactFields): boolean {
  return fieldNames(one, other).every((name) => sameValue(one[name], other[name]));
}

/** When HighLevel's side was last known to be so: by the events, or by the contact's own date. */
export function latestVersion(
  events: readonly InboundContactEvent[],
  contact: HighLevelContact | undefined,
  before: Date | null | undefined,
): Date | null {
  let latest = before ?? null;
  for (const { eventAt } of events) latest = later(latest, eventAt);
  return later(latest, parseDate(contact?.dateUpdated));
}

/** The later of two; null where there is neither. */
export function later(one: Date | null, other: Date | null): Date | null {
  return one && (!other || other <= one) ? one : other;
}

export function parseDate(text: string | undefined): Date | null {
  const date = new Date(text ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** An event without a time counts as newest: it cannot be placed, and what it says is checked against the snapshot. */
function byTime(one: InboundContactEvent, other: InboundContactEvent): number {
  const difference = (one.eventAt?.getTime() ?? Infinity) - (other.eventAt?.getTime() ?? Infinity);
  return Number.isNaN(difference) || difference === 0 ? one.id - other.id : difference;
}
