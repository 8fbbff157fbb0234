import { Injectable } from '@nestjs/common';
import { type JsonValue } from '#libs/contacts';
import { type ConflictPolicy, type ConflictSide } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { type Place } from './contact-links.js';
import { type Conflict, type Side } from './merge.js';

const SIDES: Readonly<Record<Side, ConflictSide>> = { local: 'deskflow', remote: 'highlevel' };

/** Conflicts of one contact, as they were settled. */
export interface Settled {
  readonly contactId: number;
  readonly ghlContactId: string;
  readonly conflicts: readonly Conflict[];
  /** When DeskFlow's contact was changed; null when nobody knows. */
  readonly localAt: Date | null;
  readonly remoteAt: Date | null;
}

/**
 * Who wins where both sides changed a field.
 * - `latest_wins`: whoever changed the contact later. A time that nobody knows is earlier than any other for DeskFlow,
 *   and later for HighLevel, whose news is what has just come.
 */
export function winnerBy(policy: ConflictPolicy, localAt: Date | null, remoteAt: Date | null): Side {
  if (policy === 'deskflow_wins') return 'local';
  if (policy === 'highlevel_wins' || !localAt || !remoteAt) return 'remote';
  return localAt > remoteAt ? 'local' : 'remote';
}

/** Remembers conflicts, for those who want to know and to decide otherwise (`ghl.sync_conflicts`). */
@Injectable()
export class Conflicts {
  /**
   * When contacts were changed in DeskFlow, as far as that is still to be sent: what has been sent is agreed on.
   * @returns by contact id
   */
  async changedAt(
    manager: EntityManager,
    hookId: number,
    contactIds: readonly number[],
  ): Promise<ReadonlyMap<number, Date>> {
    const rows = await manager.query<{ id: number; at: Date }[]>(
      `select contact_id as id, max(changed_at) as at from ghl.outbox
        where hook_id = $1 and contact_id = any($2::bigint[]) and state in ('pending', 'processing', 'failed')
        group by contact_id`,
      [hookId, contactIds],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  }

  /** In the transaction that settles them. */
  async record(
    manager: EntityManager,
    { accountId, locationId }: Place,
    policy: ConflictPolicy,
    settled: readonly Settled[],
  ): Promise<void> {
    const rows = settled.flatMap(({ contactId, ghlContactId, conflicts, localAt, remoteAt }) =>
      conflicts.map(({ field, base, local, remote, kept }) => ({
        contact_id: contactId,
        ghl_contact_id: ghlContactId,
        field,
        base: orNull(base),
        deskflow: orNull(local),
        highlevel: orNull(remote),
        deskflow_at: localAt,
        highlevel_at: remoteAt,
        kept: SIDES[kept],
      })),
    );
    if (rows.length === 0) return;
    await manager.query(
      `insert into ghl.sync_conflicts (account_id, location_id, policy, contact_id, ghl_contact_id, field, base,
                                       deskflow, highlevel, deskflow_at, highlevel_at, kept)
       select $1, $2, $3, c.contact_id, c.ghl_contact_id, c.field, nullif(c.base, 'null'), nullif(c.deskflow, 'null'),
              nullif(c.highlevel, 'null'), c.deskflow_at, c.highlevel_at, c.kept
         from jsonb_to_recordset($4::jsonb)
           as c (contact_id bigint, ghl_contact_id text, field text, base jsonb, deskflow jsonb, highlevel jsonb,
                 deskflow_at timestamptz, highlevel_at timestamptz, kept text)`,
      [accountId, locationId, policy, JSON.stringify(rows)],
    );
  }
}

function orNull(value: JsonValue | undefined): JsonValue {
  return value ?? null;
}
