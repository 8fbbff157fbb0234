import {
  type ContactChanges,
  contactColumns,
  type ContactRow,
  type LabelChanges,
  rowOf,
} from '#libs/contacts';
import { type ContactFields, fieldNames } from './canonical-contact.js';
import { type FieldMap } from './field-map.js';
import { type FreeColumns, localChanges } from './local-contact.js';
import { identityOf, type Reachable } from './reachable.js';

/** A contact of HighLevel as the contact that DeskFlow will have if nobody else is this person. */
export interface ContactDraft {
  /** That of the field map. */
  readonly mapKey: string;
  readonly ghlContactId: string;
  readonly identity: Reachable;
  readonly row: ContactRow;
  readonly labels: LabelChanges;
}

/** HighLevel's id of a contact that is being linked, and the one it had at this location before. */
export interface NewId {
  readonly ghlContactId: string;
  readonly previous?: string | undefined;
}

export const NOTHING_TAKEN: FreeColumns = { email: true, phone: true };

/** Takes a while: to be called ahead when there is time. */
export function draftOf(ghlContactId: string, fields: ContactFields, map: FieldMap): ContactDraft {
  const { contact, labels } = localChanges(undefined, fields, fieldNames(fields), NOTHING_TAKEN, map);
  const ids = mirroredIds(contact, { ghlContactId }, false);
  return {
    mapKey: map.key,
    ghlContactId,
    identity: identityOf(fields),
    row: rowOf(contactColumns({ ...contact, ...ids })),
    labels,
  };
}

/** Of those who share an e-mail or a phone the first, and none who shares one with `others`. */
export function withoutSharedIdentity(
  drafts: readonly ContactDraft[],
  others: readonly Reachable[],
): ContactDraft[] {
  const claimed = new Set(others.flatMap(addressesOf));
  return drafts.filter(({ identity }) => {
    const addresses = addressesOf(identity);
    if (addresses.some((text) => claimed.has(text))) return false;
    for (const text of addresses) claimed.add(text);
    return true;
  });
}

export function addressesOf({ email, phoneNumber }: Reachable): string[] {
  return [email, phoneNumber].filter((text) => text !== null);
}

/**
 * Where others look for HighLevel's id: a column, the place of DeskFlow's CRM integrations, and `identifier` where
 * that is empty, because the website widget uses it (DM 7). A contact in two locations shows the id it got first.
 */
export function mirroredIds(
  contact: ContactChanges,
  { ghlContactId, previous }: NewId,
  isIdentifierTaken: boolean,
): ContactChanges {
  if (contact.ghlContactId && contact.ghlContactId !== previous) return {};
  const additional = contact.additionalAttributes as Record<string, unknown> | null | undefined;
  const external = isRecord(additional?.['external']) ? additional['external'] : {};
  const isIdentifierFree = (!contact.identifier || contact.identifier === previous) && !isIdentifierTaken;
  return {
    ghlContactId,
    ...(isIdentifierFree && { identifier: ghlContactId }),
    additionalAttributes: { ...additional, external: { ...external, gohighlevel_id: ghlContactId } },
  };
}

/** What is left of additional attributes when the id that `mirroredIds` puts there is taken away. */
export function withoutMirroredId(
  attributes: Readonly<Record<string, unknown>> | null,
): Record<string, unknown> {
  const { external, ...additional } = attributes ?? {};
  const others = Object.entries(isRecord(external) ? external : {}).filter(
    ([name]) => name !== 'gohighlevel_id',
  );
  return { ...additional, ...(others.length > 0 && { external: Object.fromEntries(others) }) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
