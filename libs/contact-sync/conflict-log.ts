import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { type JsonValue, retriedTransaction } from '#libs/contacts';
import { SyncConflict } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Keyset } from '#libs/http';
import { DataSource, type EntityManager } from 'typeorm';
import { type FieldName, present, readSnapshot } from './canonical-contact.js';
import { ContactLinks } from './contact-links.js';
import { FieldMaps } from './field-maps.js';
import { LocalSide } from './local-side.js';

export interface ConflictFilter {
  readonly contactId?: number | undefined;
  readonly isReversed?: boolean | undefined;
}

/** A conflict with the name its contact has today; null when the contact is gone. */
export interface ShownConflict extends SyncConflict {
  readonly contactName: string | null;
}

export interface Reversal {
  readonly outcome: 'reversed' | 'already_reversed';
  readonly conflict: ShownConflict;
}

const SELECT = `
  select s.id, s.account_id as "accountId", s.location_id as "locationId", s.contact_id as "contactId",
         c.name as "contactName", s.ghl_contact_id as "ghlContactId", s.field, s.base, s.deskflow, s.highlevel,
         s.deskflow_at as "deskflowAt", s.highlevel_at as "highlevelAt", s.policy, s.kept,
         s.detected_at as "detectedAt", s.reversed_at as "reversedAt", s.reversed_by as "reversedBy"
    from ghl.sync_conflicts s
    left join public.contacts c on c.id = s.contact_id and c.account_id = s.account_id`;

/** Conflicts as administrators see them, and their decision to have it the other way. */
@Injectable()
export class ConflictLog {
  constructor(
    private readonly database: DataSource,
    private readonly links: ContactLinks,
    private readonly localSide: LocalSide,
    private readonly fieldMaps: FieldMaps,
    private readonly auditLog: AuditLog,
  ) {}

  /** Newest first. */
  async list(accountId: number, filter: ConflictFilter, keyset: Keyset): Promise<ShownConflict[]> {
    return this.database.query<ShownConflict[]>(
      `${SELECT}
        where s.account_id = $1 and ($2::bigint is null or s.contact_id = $2)
          and ($3::boolean is null or (s.reversed_at is not null) = $3) and ($4::bigint is null or s.id < $4)
        order by s.id desc limit $5`,
      [accountId, filter.contactId ?? null, filter.isReversed ?? null, keyset.before, keyset.fetch],
    );
  }

  /**
   * Puts the value that lost in the place of whatever the contact has in that field now. It is a person's change, so
   * it travels to HighLevel as any other does. Doing it twice is doing it once.
   * @throws NotFound for a conflict of another account, and where the contact is gone
   */
  async reverse(accountId: number, userId: number, id: number): Promise<Reversal> {
    const outcome = await retriedTransaction(this.database, async (manager) => {
      const conflict = await manager.findOne(SyncConflict, {
        where: { accountId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!conflict) throw new NotFound('Conflict');
      if (conflict.reversedAt) return 'already_reversed';
      await this.putOther(manager, conflict);
      await manager.update(SyncConflict, { id }, { reversedAt: new Date(), reversedBy: userId });
      const { locationId, contactId, field } = conflict;
      await this.auditLog.record(
        {
          accountId,
          action: 'conflict.reverse',
          actor: { kind: 'user', userId },
          outcome: 'success',
          locationId,
          details: { conflict_id: id, contact_id: contactId, field },
        },
        manager,
      );
      return 'reversed';
    });
    return { outcome, conflict: await this.one(accountId, id) };
  }

  private async one(accountId: number, id: number): Promise<ShownConflict> {
    const [conflict] = await this.database.query<ShownConflict[]>(
      `${SELECT} where s.account_id = $1 and s.id = $2`,
      [accountId, id],
    );
    if (!conflict) throw new NotFound('Conflict');
    return conflict;
  }

  /** Without the mark of a sync's own write: the trigger captures it. */
  private async putOther(manager: EntityManager, conflict: SyncConflict): Promise<void> {
    const { accountId, locationId, contactId, kept, deskflow, highlevel } = conflict;
    const place = await this.fieldMaps.of(manager, { accountId, locationId });
    const contact = await this.localSide.lock(manager, place, contactId);
    if (!contact) throw new NotFound('Contact');
    const field = conflict.field as FieldName;
    const other = (kept === 'deskflow' ? highlevel : deskflow) as JsonValue | null;
    const link = await this.links.ofContact(manager, place, contactId);
    const current = await this.localSide.read(manager, place, contact, readSnapshot(link?.snapshot));
    const merged = present({ ...current, [field]: other ?? undefined });
    const merge = { merged, conflicts: [], forLocal: [field], forRemote: [field] };
    await this.localSide.write(manager, place, { contact, merge });
  }
}
