import { Injectable } from '@nestjs/common';
import { type ContactLink } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { readSnapshot } from './canonical-contact.js';

/** Rows of one transaction are written close to each other: those looked at before and after. */
const NEARBY_ROWS = 1_000;

/** Two contacts that became one in DeskFlow. */
export interface Merge {
  /** Who is that person now; undefined where it is only known that somebody is. */
  readonly heirId: number | undefined;
}

/**
 * Tells a merge from a deletion. DeskFlow deletes the contact that is merged and, in the same transaction, gives the
 * other one what that lacks, its e-mail, phone and `identifier` among it (Chatwoot's ContactMergeAction). It leaves no
 * other trace.
 */
@Injectable()
export class ContactMerges {
  /**
   * @param link of a contact that is gone
   * @param rowIds its rows in the outbox
   * @returns undefined when it was deleted
   */
  async find(
    manager: EntityManager,
    link: ContactLink,
    rowIds: readonly number[],
  ): Promise<Merge | undefined> {
    const heirId = await this.heirOf(manager, link);
    if (heirId !== undefined) return { heirId };
    return (await this.wasChangedWithOne(manager, rowIds)) ? { heirId: undefined } : undefined;
  }

  /** Whoever has HighLevel's id for the deleted one, or its e-mail or phone, in this order. */
  private async heirOf(manager: EntityManager, link: ContactLink): Promise<number | undefined> {
    const { email, phone } = readSnapshot(link.snapshot);
    const [heir] = await manager.query<{ id: number }[]>(
      `select id from (
         select id, 1 as rank from public.contacts where account_id = $1 and identifier = $3
          union all
         select id, 2 from public.contacts where account_id = $1 and lower(email) = lower($4)
          union all
         select id, 3 from public.contacts where account_id = $1 and phone_number = $5) heirs
        where id <> $2 order by rank, id limit 1`,
      [link.accountId, link.contactId, link.ghlContactId, textOf(email), textOf(phone)],
    );
    return heir?.id;
  }

  /**
   * Whether the same transaction changed exactly one other contact: too little to call that one the heir, and too much
   * to have HighLevel's deleted.
   */
  private async wasChangedWithOne(manager: EntityManager, rowIds: readonly number[]): Promise<boolean> {
    const [row] = await manager.query<[{ count: number }]>(
      `select count(distinct other.contact_id) as count
         from ghl.outbox deleted
         join ghl.outbox other on other.id between deleted.id - $2 and deleted.id + $2
        where deleted.id = any($1::bigint[]) and deleted.operation = 'delete'
          and other.hook_id = deleted.hook_id and other.written_by = deleted.written_by
          and other.operation = 'push' and other.contact_id <> deleted.contact_id`,
      [rowIds, NEARBY_ROWS],
    );
    return row.count === 1;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
