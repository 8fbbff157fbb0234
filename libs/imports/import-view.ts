import { type ContactImport, type ImportCounts, type ImportSelection } from '#libs/database';
import { type Shape } from '#libs/http';
import { type ImportDto, type StartImport } from './import.dto.js';

/** States that an import never leaves. */
const FINAL = ['completed', 'cancelled', 'failed'] as const satisfies readonly ContactImport['state'][];

/** Whether nothing will happen to it any more. */
export function hasEnded({ state }: Pick<ContactImport, 'state'>): boolean {
  return FINAL.some((final) => final === state);
}

/** Contacts that are dealt with, whatever became of them; those on their way to HighLevel included. */
export function contactsDone(counts: Partial<ImportCounts>): number {
  const { created = 0, updated = 0, unchanged = 0, skipped = 0, failed = 0, queued = 0 } = counts;
  return created + updated + unchanged + skipped + failed + queued;
}

/** An import as the API shows it. */
export function importView(found: ContactImport): Shape<ImportDto> {
  const { selection, counts, activeMs } = found;
  const done = contactsDone(counts);
  // Contacts that are created meanwhile come on top of what HighLevel said at first.
  const total = found.total === null ? null : Math.max(found.total, done);
  const perSecond = activeMs > 0 && done > 0 ? (done / activeMs) * 1_000 : null;
  const secondsLeft =
    found.state === 'running' && total !== null && perSecond !== null ? (total - done) / perSecond : null;
  return {
    id: found.id,
    location_id: found.locationId,
    selection: selection.kind,
    tag: selection.kind === 'tag' ? selection.tag : null,
    since: selection.kind === 'since' ? selection.since : null,
    direction: found.direction,
    dry_run: found.dryRun,
    state: found.state,
    reason: found.reason,
    total,
    done,
    counts: {
      created: counts.created ?? 0,
      updated: counts.updated ?? 0,
      unchanged: counts.unchanged ?? 0,
      skipped: counts.skipped ?? 0,
      failed: counts.failed ?? 0,
      queued: counts.queued ?? 0,
      conflicts: counts.conflicts ?? 0,
    },
    contacts_per_second: perSecond === null ? null : Math.round(perSecond * 10) / 10,
    seconds_left: secondsLeft === null ? null : Math.ceil(secondsLeft),
    started_by: found.startedBy,
    created_at: found.createdAt.toISOString(),
    updated_at: found.updatedAt.toISOString(),
    finished_at: found.finishedAt?.toISOString() ?? null,
  };
}

/** The validated order as the runner understands it. */
export function selectionOf({ selection, tag, since }: Shape<StartImport>): ImportSelection {
  if (selection === 'tag' && tag !== undefined) return { kind: 'tag', tag };
  if (selection === 'since' && since !== undefined)
    return { kind: 'since', since: new Date(since).toISOString() };
  return { kind: 'all' };
}
