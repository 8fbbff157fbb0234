import { type JsonValue } from '#libs/contacts';
import {
  type ContactFields,
  type FieldName,
  fieldNames,
  FIELDS,
  isStanding,
  present,
  sameValue,
} from './canonical-contact.js';

export type Side = 'local' | 'remote';

/** Both sides changed a field, and not to the same value. */
export interface Conflict {
  readonly field: FieldName;
  readonly base: JsonValue | undefined;
  readonly local: JsonValue | undefined;
  readonly remote: JsonValue | undefined;
  readonly kept: Side;
}

export interface Merge {
  readonly merged: ContactFields;
  readonly conflicts: readonly Conflict[];
  /** Fields DeskFlow does not have as merged. */
  readonly forLocal: readonly FieldName[];
  /** Fields HighLevel does not have as merged. */
  readonly forRemote: readonly FieldName[];
}

/**
 * Three-way merge, field by field. A side that still equals `base` in a field has not changed it; where both have,
 * `winner` keeps its value and the conflict is told. A field that is HighLevel's to decide is HighLevel's.
 * @param base what both sides last agreed on; `{}` when they never did
 */
export function merge(base: ContactFields, local: ContactFields, remote: ContactFields, winner: Side): Merge {
  const merged: Partial<Record<FieldName, JsonValue | undefined>> = {};
  const conflicts: Conflict[] = [];
  const names = fieldNames(base, local, remote);
  for (const field of names) {
    const values = { base: base[field], local: local[field], remote: remote[field] };
    const changed = {
      local: !sameValue(values.local, values.base),
      remote: !sameValue(values.remote, values.base),
    };
    const isConflict = changed.local && changed.remote && !sameValue(values.local, values.remote);
    const settled: Side = isRemotesOwn(field) ? 'remote' : winner;
    if (isConflict) conflicts.push({ field, ...values, kept: settled });
    const kept: Side = isConflict ? settled : changed.remote ? 'remote' : 'local';
    merged[field] = values[kept];
  }
  return {
    merged: present(merged),
    conflicts,
    forLocal: names.filter((field) => !sameValue(merged[field], local[field])),
    forRemote: names.filter((field) => !sameValue(merged[field], remote[field])),
  };
}

function isRemotesOwn(field: FieldName): boolean {
  return isStanding(field) && FIELDS[field].push === 'never';
}
