/** `changes`: contacts that HighLevel changed; `deletions`: contacts that it has no more. */
export const RECONCILIATION_KINDS = ['changes', 'deletions'] as const;
export type ReconciliationKind = (typeof RECONCILIATION_KINDS)[number];

/** Why a run began before, or at, its time. */
export const RECONCILIATION_REASONS = ['schedule', 'intake_outage', 'request'] as const;
export type ReconciliationReason = (typeof RECONCILIATION_REASONS)[number];

/** What a run did and found. Contacts of which the events are merely on their way count as looked at only. */
export interface RunCounts {
  /** To HighLevel. */
  readonly requests: number;
  readonly lookedAt: number;
  readonly created: number;
  readonly updated: number;
  readonly archived: number;
  /** Whose values cannot be stored. */
  readonly refused: number;
  /** Fields that both sides had changed. */
  readonly conflicts: number;
}

/** What `counts` lacks counts as nothing. */
export function addCounts(counts: Partial<RunCounts>, more: Partial<RunCounts>): RunCounts {
  const sum = (name: keyof RunCounts): number => (counts[name] ?? 0) + (more[name] ?? 0);
  return {
    requests: sum('requests'),
    lookedAt: sum('lookedAt'),
    created: sum('created'),
    updated: sum('updated'),
    archived: sum('archived'),
    refused: sum('refused'),
    conflicts: sum('conflicts'),
  };
}

/** Whether the two sides had come apart. */
export function hasDrift({ created, updated, archived, refused }: RunCounts): boolean {
  return created + updated + archived + refused > 0;
}
