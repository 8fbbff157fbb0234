import { Injectable } from '@nestjs/common';
import { AuditEvent, type AuditOutcome } from '#libs/database';
import { type ErrorFields } from '#libs/errors';
import { type Keyset } from '#libs/http';
import { redact } from '#libs/logging';
import { DataSource, type EntityManager } from 'typeorm';
import { type AuditAction } from './audit-actions.js';

/** Who did it. */
export type AuditActor =
  { readonly kind: 'user'; readonly userId: number } | { readonly kind: 'system' | 'highlevel' };

export interface AuditEntry {
  readonly accountId: number;
  readonly action: AuditAction;
  readonly actor: AuditActor;
  readonly outcome: AuditOutcome;
  readonly hookId?: number | null;
  readonly locationId?: string | null;
  /** Facts that an administrator of the account may see: ids, counts, reasons. Never a secret or a contact's value. */
  readonly details?: ErrorFields;
}

/** An entry as it is read, with the name its user has today. */
export interface RecordedEntry extends AuditEvent {
  /** Null for others than users, and for a user who is gone. */
  readonly actorName: string | null;
}

/** What was done to the connections of accounts: written once, never changed. */
@Injectable()
export class AuditLog {
  constructor(private readonly source: DataSource) {}

  /**
   * @param manager of the transaction that does what is recorded, so that neither stands without the other; without it
   * the entry is committed by itself
   */
  async record(entry: AuditEntry, manager: EntityManager = this.source.manager): Promise<void> {
    const { accountId, action, actor, outcome, hookId = null, locationId = null, details = {} } = entry;
    await manager.insert(AuditEvent, {
      accountId,
      action,
      actorKind: actor.kind,
      actorUserId: actor.kind === 'user' ? actor.userId : null,
      outcome,
      hookId,
      locationId,
      details: safe(details),
    });
  }

  /** An account's entries, newest first. */
  async list(accountId: number, action: AuditAction | undefined, keyset: Keyset): Promise<RecordedEntry[]> {
    return this.source.query<RecordedEntry[]>(
      `select e.id, e.account_id as "accountId", e.at, e.action, e.actor_kind as "actorKind",
              e.actor_user_id as "actorUserId", u.name as "actorName", e.hook_id as "hookId",
              e.location_id as "locationId", e.outcome, e.details
         from ghl.audit_events e
         left join public.users u on u.id = e.actor_user_id
        where e.account_id = $1 and ($2::text is null or e.action = $2) and ($3::bigint is null or e.id < $3)
        order by e.id desc limit $4`,
      [accountId, action ?? null, keyset.before, keyset.fetch],
    );
  }
}

/** The second net, as for log lines; and jsonb takes neither U+0000 nor half a surrogate pair. */
function safe(details: ErrorFields): object {
  const shown = JSON.stringify(redact(details), (_, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD') : value,
  );
  return JSON.parse(shown) as object;
}
