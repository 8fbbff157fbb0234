import { type JsonValue } from '#libs/contacts';
import { type ContactLink } from '#libs/database';
import { type FieldMap } from './field-map.js';
import {
  type ContactFields,
  type FieldChanges,
  type FieldName,
  readSnapshot,
  sameValue,
  tagOf,
} from './canonical-contact.js';
import { type InboundContactEvent } from './inbound-event.js';
import { contactOfEvent, remoteFields } from './remote-contact.js';

/** Events that come later than so many further pushes are not asked about. */
const KEPT = 5;

/** A push as the link remembers it (`ghl.contact_links.pushes`): what it wrote over. Times are ISO 8601. */
export interface PushTrace {
  /** HighLevel's time of what was known when it was planned; null for nothing. */
  readonly since: string | null;
  /** HighLevel's time of the push itself. */
  readonly at: string;
  /** When DeskFlow's contact was changed. */
  readonly changedAt: string;
  /** By field. */
  readonly fields: Readonly<Record<string, readonly [base: JsonValue | null, sent: JsonValue | null]>>;
}

/** A value that HighLevel had when a push wrote over it, and of which we hear now. */
export interface WrittenOver {
  readonly field: FieldName;
  readonly base: JsonValue | undefined;
  readonly sent: JsonValue | undefined;
  readonly told: JsonValue;
  readonly changedAt: Date;
  readonly toldAt: Date;
}

/** The traces of a link after one more push. Tags are added and taken away one by one: they write over nothing. */
export function withTrace(
  link: Pick<ContactLink, 'pushes'> | undefined,
  planned: ContactLink,
  sent: FieldChanges,
  at: Date,
  changedAt: Date,
): readonly PushTrace[] {
  const base = readSnapshot(planned.snapshot);
  const fields = [...sent]
    .filter(([field]) => tagOf(field) === undefined)
    .map(([field, value]) => [field, [base[field] ?? null, value ?? null]]);
  const trace: PushTrace = {
    since: planned.remoteVersion?.toISOString() ?? null,
    at: at.toISOString(),
    changedAt: changedAt.toISOString(),
    fields: Object.fromEntries(fields) as PushTrace['fields'],
  };
  return [trace, ...tracesOf(link)].slice(0, KEPT);
}

/**
 * What HighLevel had changed between our last knowledge and our push, told by events that come after it. A field that
 * has changed once more since is none of them.
 * @param late events that are older than what is known, of one contact
 */
export function writtenOver(
  link: ContactLink,
  late: readonly InboundContactEvent[],
  map: FieldMap,
  country: string | null,
): WrittenOver[] {
  const now = readSnapshot(link.snapshot);
  const found = new Map<FieldName, WrittenOver>();
  for (const { event, eventAt } of late) {
    const contact = contactOfEvent(event);
    if (!contact || !eventAt || event.type === 'ContactDelete') continue;
    const said = remoteFields(contact, country);
    for (const trace of tracesOf(link).filter((push) => isBetween(eventAt, push)))
      for (const lost of lostIn(trace, said, now, eventAt))
        if (map.directionOf(lost.field) === 'both') found.set(lost.field, lost);
  }
  return [...found.values()];
}

/** The traces of a link of which these fields are settled. */
export function withoutFields(link: ContactLink, settled: readonly FieldName[]): readonly PushTrace[] {
  const names = new Set<string>(settled);
  return tracesOf(link).map((trace) => ({
    ...trace,
    fields: Object.fromEntries(Object.entries(trace.fields).filter(([name]) => !names.has(name))),
  }));
}

function lostIn(
  { fields, changedAt }: PushTrace,
  said: ContactFields,
  now: ContactFields,
  toldAt: Date,
): WrittenOver[] {
  return Object.entries(fields).flatMap(([name, values]) => {
    const field = name as FieldName;
    const [base, sent] = values;
    const told = said[field];
    const isLost =
      told !== undefined &&
      !sameValue(told, base ?? undefined) &&
      !sameValue(told, sent ?? undefined) &&
      sameValue(now[field], sent ?? undefined);
    if (!isLost) return [];
    return {
      field,
      base: base ?? undefined,
      sent: sent ?? undefined,
      told,
      changedAt: new Date(changedAt),
      toldAt,
    };
  });
}

function isBetween(time: Date, { since, at }: PushTrace): boolean {
  return (since === null || time > new Date(since)) && time < new Date(at);
}

function tracesOf(link: Pick<ContactLink, 'pushes'> | undefined): readonly PushTrace[] {
  return (link?.pushes ?? []) as readonly PushTrace[];
}
