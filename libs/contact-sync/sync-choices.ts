import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { type ConflictPolicy, type DeletionChoice, type SsoRole } from '#libs/database';
import { DataSource, type EntityManager } from 'typeorm';

/** How an account wants its contacts synced. */
export interface SyncPolicy {
  readonly conflictPolicy: ConflictPolicy;
  readonly onDelete: DeletionChoice;
}

/** All that an account has chosen about HighLevel. */
export interface Choices extends SyncPolicy {
  readonly ssoRole: SsoRole;
}

/** Of an account that has chosen nothing. */
export const DEFAULT_CHOICES: Choices = {
  conflictPolicy: 'latest_wins',
  onDelete: 'leave',
  ssoRole: 'agent',
};

/** Accounts' choices about their sync (`ghl.sync_settings`). */
@Injectable()
export class SyncChoices {
  constructor(
    private readonly database: DataSource,
    private readonly auditLog: AuditLog,
  ) {}

  /** @param manager of the transaction that goes by them */
  async of(accountId: number, manager: EntityManager = this.database.manager): Promise<Choices> {
    const [choices] = await manager.query<Choices[]>(
      `select conflict_policy as "conflictPolicy", on_delete as "onDelete", sso_role as "ssoRole"
         from ghl.sync_settings where account_id = $1`,
      [accountId],
    );
    return choices ?? DEFAULT_CHOICES;
  }

  /** What is left out stays. What is the same already is no change, and not audited. */
  async change(
    accountId: number,
    userId: number,
    changes: Partial<Choices>,
    within: EntityManager = this.database.manager,
  ): Promise<Choices> {
    return within.transaction(async (manager) => {
      await manager.query(
        'insert into ghl.sync_settings (account_id) values ($1) on conflict (account_id) do nothing',
        [accountId],
      );
      await manager.query('select from ghl.sync_settings where account_id = $1 for update', [accountId]);
      const before = await this.of(accountId, manager);
      const after = { ...before, ...changes };
      if (isDeepStrictEqual(before, after)) return before;
      await manager.query(
        `update ghl.sync_settings
            set conflict_policy = $2, on_delete = $3, sso_role = $4, updated_at = now()
          where account_id = $1`,
        [accountId, after.conflictPolicy, after.onDelete, after.ssoRole],
      );
      await this.auditLog.record(
        {
          accountId,
          action: 'settings.change',
          actor: { kind: 'user', userId },
          outcome: 'success',
          details: {
            conflict_policy: after.conflictPolicy,
            on_delete: after.onDelete,
            sso_role: after.ssoRole,
          },
        },
        manager,
      );
      return after;
    });
  }
}
