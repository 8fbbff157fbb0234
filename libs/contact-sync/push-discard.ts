import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { type WorkState } from '#libs/database';
import { NotFound } from '#libs/errors';
import { DataSource } from 'typeorm';
import { PushLog, type ShownPush } from './push-log.js';

export const PUSH_DISCARD_OUTCOMES = ['discarded', 'being_sent', 'already_over'] as const;
export type PushDiscardOutcome = (typeof PUSH_DISCARD_OUTCOMES)[number];

export interface DiscardedPush {
  readonly outcome: PushDiscardOutcome;
  /** As it is afterwards. */
  readonly push: ShownPush;
}

/** Who decides, and for which account. */
interface Decider {
  readonly accountId: number;
  readonly userId: number;
}

/** A person decides that a change need not reach HighLevel, and nobody has to look at it any more. */
@Injectable()
export class PushDiscard {
  constructor(
    private readonly database: DataSource,
    private readonly pushLog: PushLog,
    private readonly auditLog: AuditLog,
  ) {}

  /** Doing it twice is doing it once. @throws NotFound also for a push of another account */
  async discard({ accountId, userId }: Decider, id: number): Promise<DiscardedPush> {
    const outcome = await this.database.transaction(async (manager) => {
      const [row] = await manager.query<{ state: WorkState; contactId: number }[]>(
        `select state, contact_id as "contactId" from ghl.outbox where account_id = $1 and id = $2 for update`,
        [accountId, id],
      );
      if (!row) throw new NotFound('Push');
      if (row.state === 'processing') return 'being_sent';
      if (row.state === 'done' || row.state === 'ignored') return 'already_over';
      await manager.query(
        `update ghl.outbox set state = 'ignored', reason = 'discarded', finished_at = now() where id = $1`,
        [id],
      );
      await this.auditLog.record(
        {
          accountId,
          action: 'push.discard',
          actor: { kind: 'user', userId },
          outcome: 'success',
          details: { push_id: id, contact_id: row.contactId },
        },
        manager,
      );
      return 'discarded';
    });
    return { outcome, push: await this.pushLog.one(accountId, id) };
  }
}
