import { type AuditActor, type AuditLog } from '#libs/audit';
import { type EntityManager } from 'typeorm';
import { type RecordedFailure } from './stored-tokens.js';

/** Nobody in particular: the schedule, or a call that needed a token. */
export const THIS_SERVICE: AuditActor = { kind: 'system' };
export const HIGHLEVEL: AuditActor = { kind: 'highlevel' };

/** Whose refresh is recorded. */
export interface AuditedRow {
  readonly kind: 'connection' | 'agency';
  readonly accountId: number;
  readonly hookId?: number;
  readonly locationId?: string;
  readonly companyId?: string;
  readonly actor: AuditActor;
}

/** Records in the transaction that stores the pair, so that neither stands without the other. */
export async function auditRefresh(
  audit: AuditLog,
  manager: EntityManager,
  { kind, companyId, ...whose }: AuditedRow,
  failure?: RecordedFailure,
): Promise<void> {
  const about = { ...whose, details: { ...(companyId && { company_id: companyId }) } };
  if (!failure) {
    await audit.record({ ...about, action: `${kind}.refresh`, outcome: 'success' }, manager);
    return;
  }
  const { reason, state } = failure;
  const details = { ...about.details, reason, state };
  await audit.record({ ...about, action: `${kind}.refresh`, outcome: 'failure', details }, manager);
  if (state !== 'reauthorization_required') return;
  await audit.record(
    { ...about, action: `${kind}.reauthorization_required`, outcome: 'failure', details },
    manager,
  );
}
