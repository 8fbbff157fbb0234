import { Injectable } from '@nestjs/common';
import { ContactStore } from '#libs/contacts';
import { GOHIGHLEVEL_APP_ID, HookStatus, type SyncDirection, type WorkState } from '#libs/database';
import { NotFound } from '#libs/errors';
import { DataSource } from 'typeorm';

/** How a contact stands with one of the account's locations. */
export const SYNC_STATES = [
  /** Both sides agree, as far as is known. */
  'in_sync',
  /** A change waits to be sent. */
  'pending',
  /** A change, or what HighLevel told, was given up; a person has to look. */
  'failed',
  /** The connection is not well, or switched off. */
  'paused',
  /** HighLevel does not have it. */
  'not_linked',
  /** A person wants the two to go their own ways. */
  'unlinked',
  'deleted_in_highlevel',
] as const;
export type SyncState = (typeof SYNC_STATES)[number];

export interface ContactState {
  readonly contactId: number;
  readonly locationId: string;
  readonly state: SyncState;
  readonly ghlContactId: string | null;
  readonly lastSyncedAt: Date | null;
  readonly direction: SyncDirection | null;
  /** What waits to be sent. */
  readonly pending: PendingChange | null;
  readonly error: SyncError | null;
}

export interface PendingChange {
  readonly operation: string;
  readonly since: Date;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
}

export interface SyncError {
  /** Null while it is tried again. */
  readonly reason: string | null;
  /** As `storedFailure` made it. */
  readonly message: string | null;
}

interface Row {
  readonly contactId: number;
  readonly locationId: string;
  readonly isServed: boolean;
  readonly ghlContactId: string | null;
  readonly lastSyncedAt: Date | null;
  readonly direction: SyncDirection | null;
  readonly remoteDeletedAt: Date | null;
  readonly unlinkedAt: Date | null;
  readonly operation: string | null;
  readonly state: WorkState | null;
  readonly since: Date;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly lastError: string | null;
  readonly deadReason: string | null;
  readonly deadError: string | null;
}

/** A row that was given up counts until both sides agree again. */
const STATES = `
  select c.id as "contactId", h.reference_id as "locationId",
         h.status = ${HookStatus.enabled} and coalesce(n.state, 'connected') = 'connected' as "isServed",
         l.ghl_contact_id as "ghlContactId", l.updated_at as "lastSyncedAt", l.direction,
         l.remote_deleted_at as "remoteDeletedAt", l.unlinked_at as "unlinkedAt",
         open.operation, open.state, open.created_at as since, open.attempts, open.next_attempt_at as "nextAttemptAt",
         open.last_error as "lastError",
         coalesce(dead_push.reason, dead_event.reason) as "deadReason",
         coalesce(dead_push.last_error, dead_event.last_error) as "deadError"
    from public.contacts c
    join public.integrations_hooks h
      on h.account_id = c.account_id and h.app_id = '${GOHIGHLEVEL_APP_ID}' and h.reference_id is not null
    left join ghl.connections n on n.hook_id = h.id
    left join ghl.contact_links l
      on l.account_id = c.account_id and l.location_id = h.reference_id and l.contact_id = c.id
    left join lateral (
      select o.* from ghl.outbox o
       where o.hook_id = h.id and o.contact_id = c.id and o.state in ('pending', 'processing', 'failed')
       order by o.id limit 1) open on true
    left join lateral (
      select o.reason, o.last_error from ghl.outbox o
       where o.hook_id = h.id and o.contact_id = c.id and o.state = 'dead'
         and o.finished_at > coalesce(l.updated_at, '-infinity')
       order by o.id desc limit 1) dead_push on true
    left join lateral (
      select i.reason, i.last_error from ghl.inbox i
       where i.account_id = c.account_id and i.state = 'dead' and i.hook_id = h.id
         and i.entity_key = 'contact:' || l.ghl_contact_id and i.finished_at > l.updated_at
       order by i.id desc limit 1) dead_event on true
   where c.account_id = $1 and c.id = any($2::bigint[])
   order by c.id, h.id`;

/** Tells of contacts how they stand with each location of their account. */
@Injectable()
export class ContactStates {
  constructor(
    private readonly database: DataSource,
    private readonly store: ContactStore,
  ) {}

  /** @throws NotFound for a contact of another account */
  async ofOne(accountId: number, contactId: number): Promise<ContactState[]> {
    const contact = await this.store.find(this.database.manager, accountId, contactId);
    if (!contact) throw new NotFound('Contact');
    return this.of(accountId, [contactId]);
  }

  /** One statement, however many they are. Those of other accounts are left out. */
  async of(accountId: number, contactIds: readonly number[]): Promise<ContactState[]> {
    const rows = await this.database.query<Row[]>(STATES, [accountId, contactIds]);
    return rows.map((row) => ({
      contactId: row.contactId,
      locationId: row.locationId,
      state: stateOf(row),
      ghlContactId: row.ghlContactId,
      lastSyncedAt: row.lastSyncedAt,
      direction: row.direction,
      pending: row.operation === null ? null : { ...row, operation: row.operation },
      error: errorOf(row),
    }));
  }
}

function stateOf(row: Row): SyncState {
  if (row.unlinkedAt) return 'unlinked';
  if (row.remoteDeletedAt) return 'deleted_in_highlevel';
  if (!row.isServed) return 'paused';
  if (row.operation !== null) return 'pending';
  if (row.deadReason !== null) return 'failed';
  return row.ghlContactId === null ? 'not_linked' : 'in_sync';
}

function errorOf({ state, lastError, deadReason, deadError }: Row): SyncError | null {
  if (deadReason !== null) return { reason: deadReason, message: deadError };
  return state === 'failed' && lastError !== null ? { reason: null, message: lastError } : null;
}
