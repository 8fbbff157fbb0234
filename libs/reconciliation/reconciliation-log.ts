import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { GOHIGHLEVEL_APP_ID } from '#libs/database';
import { type Keyset } from '#libs/http';
import { NotConnected } from '#libs/integrations';
import { DataSource, type EntityManager } from 'typeorm';
import { type ReconciliationKind, type ReconciliationReason, type RunCounts } from './reconciliation.js';
import { ReconciliationClaims } from './reconciliation-claims.js';

/** Where the reconciliation of a connected location is. */
export interface ReconciliationStatus {
  readonly locationId: string;
  readonly kind: ReconciliationKind;
  readonly isRunning: boolean;
  readonly agreedUntil: Date;
  readonly dueAt: Date;
  readonly finishedAt: Date | null;
  /** As `storedFailure` made it. */
  readonly lastError: string | null;
}

/** A run that found something, or was asked for. */
export interface RecordedRun {
  readonly id: number;
  readonly locationId: string;
  readonly kind: ReconciliationKind;
  readonly reason: ReconciliationReason;
  readonly agreedFrom: Date;
  readonly beganAt: Date;
  readonly finishedAt: Date;
  readonly counts: RunCounts;
}

/** Reconciliations as administrators see them, and their wish for one now. */
@Injectable()
export class ReconciliationLog {
  constructor(
    private readonly database: DataSource,
    private readonly claims: ReconciliationClaims,
    private readonly auditLog: AuditLog,
  ) {}

  async statuses(
    accountId: number,
    manager: EntityManager = this.database.manager,
  ): Promise<ReconciliationStatus[]> {
    return manager.query<ReconciliationStatus[]>(
      `select r.location_id as "locationId", r.kind, r.lease_token is not null as "isRunning",
              r.agreed_until as "agreedUntil", r.due_at as "dueAt", r.finished_at as "finishedAt", r.last_error as "lastError"
         from ghl.reconciliations r
        where r.account_id = $1
          and exists (select from public.integrations_hooks h
                       where h.account_id = $1 and h.app_id = $2 and h.reference_id = r.location_id)
        order by r.location_id, r.kind`,
      [accountId, GOHIGHLEVEL_APP_ID],
    );
  }

  /** Newest first. */
  async runs(accountId: number, { before, fetch }: Keyset): Promise<RecordedRun[]> {
    return this.database.query<RecordedRun[]>(
      `select id, location_id as "locationId", kind, reason, agreed_from as "agreedFrom", began_at as "beganAt",
              finished_at as "finishedAt", counts
         from ghl.reconciliation_runs
        where account_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
      [accountId, before, fetch],
    );
  }

  /**
   * The next run is due at once; one that is under way is followed by another.
   * @param locationId all locations of the account where it is left out
   * @throws NotConnected where there is no such location
   */
  async request(
    accountId: number,
    userId: number,
    kind: ReconciliationKind,
    locationId: string | undefined,
  ): Promise<ReconciliationStatus[]> {
    return this.database.transaction(async (manager) => {
      await this.claims.addNew(manager, accountId);
      const known = await this.statuses(accountId, manager);
      const wanted = known.filter(
        (status) => status.kind === kind && (locationId === undefined || status.locationId === locationId),
      );
      if (wanted.length === 0) throw new NotConnected();
      await manager.query(
        `update ghl.reconciliations set due_at = now(), reason = 'request'
          where account_id = $1 and kind = $2 and location_id = any($3::text[])`,
        [accountId, kind, wanted.map((status) => status.locationId)],
      );
      await this.auditLog.record(
        {
          accountId,
          action: 'reconciliation.request',
          actor: { kind: 'user', userId },
          outcome: 'success',
          locationId: locationId ?? null,
          details: { kind },
        },
        manager,
      );
      return this.statuses(accountId, manager);
    });
  }
}
