import { Injectable } from '@nestjs/common';
import { type WorkState } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Keyset } from '#libs/http';
import { DataSource } from 'typeorm';

/** States that have an index of their own: what a person has to look for. */
export const TROUBLED_STATES = ['failed', 'dead'] as const satisfies readonly WorkState[];
export type TroubledState = (typeof TROUBLED_STATES)[number];

export const PUSH_OPERATIONS = ['push', 'delete'] as const;
export type PushOperation = (typeof PUSH_OPERATIONS)[number];

export interface PushFilter {
  readonly state?: TroubledState | undefined;
  readonly isSettled?: boolean | undefined;
}

/** A row of the outbox, with the names that contact and location have today. */
export interface ShownPush {
  readonly id: number;
  readonly operation: PushOperation;
  readonly state: WorkState;
  readonly reason: string | null;
  readonly contactId: number;
  /** Null when the contact is gone. */
  readonly contactName: string | null;
  readonly ghlContactId: string | null;
  /** Null when the location is disconnected. */
  readonly locationId: string | null;
  readonly locationName: string | null;
  readonly changedAt: Date;
  readonly finishedAt: Date | null;
  readonly nextAttemptAt: Date;
  readonly attempts: number;
  /** As `storedFailure` made it. */
  readonly lastError: string | null;
  /** It was given up, and both sides have agreed since. */
  readonly isSettled: boolean;
}

const PUSHES = `
    select o.id, o.operation, o.state, o.reason, o.contact_id as "contactId", c.name as "contactName",
           coalesce(l.ghl_contact_id, o.ghl_contact_id) as "ghlContactId", h.reference_id as "locationId",
           n.location_name as "locationName", o.changed_at as "changedAt", o.finished_at as "finishedAt",
           o.next_attempt_at as "nextAttemptAt", o.attempts, o.last_error as "lastError",
           o.state = 'dead' and coalesce(l.updated_at >= o.finished_at, false) as "isSettled"
      from ghl.outbox o
      left join public.contacts c on c.id = o.contact_id and c.account_id = o.account_id
      left join public.integrations_hooks h on h.id = o.hook_id and h.account_id = o.account_id
      left join ghl.connections n on n.hook_id = h.id
      left join ghl.contact_links l
        on l.account_id = o.account_id and l.location_id = h.reference_id and l.contact_id = o.contact_id
     where o.account_id = $1`;

/** Reads what was to be sent to an account's locations, and what became of it. */
@Injectable()
export class PushLog {
  constructor(private readonly database: DataSource) {}

  /** Newest first. */
  async list(accountId: number, filter: PushFilter, keyset: Keyset): Promise<ShownPush[]> {
    return this.database.query<ShownPush[]>(
      `select * from (
         ${PUSHES} and ($2::text is null or o.state = $2) and ($3::bigint is null or o.id < $3)) pushes
        where $4::boolean is null or "isSettled" = $4
        order by id desc limit $5`,
      [accountId, filter.state ?? null, keyset.before, filter.isSettled ?? null, keyset.fetch],
    );
  }

  /** @throws NotFound also for a push of another account */
  async one(accountId: number, id: number): Promise<ShownPush> {
    const [push] = await this.database.query<ShownPush[]>(`${PUSHES} and o.id = $2`, [accountId, id]);
    if (!push) throw new NotFound('Push');
    return push;
  }
}
