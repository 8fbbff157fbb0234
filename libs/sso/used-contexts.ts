import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SsoRefused } from './sso-errors.js';

/** A context bears no date: remembered for as long as it may be of use to somebody who has seen it (HL 8.4: a day at least). */
const REMEMBERED_DAYS = 30;
/** Forgotten with each new one, so that none pile up and nobody waits. */
const FORGOTTEN_AT_ONCE = 100;

/** The user contexts that somebody has signed on with (`ghl.sso_contexts`). */
@Injectable()
export class UsedContexts {
  constructor(private readonly source: DataSource) {}

  /**
   * A context is used by who asks first, whatever comes of it: the page gets another one for the asking.
   * @throws SsoRefused where it was used before
   */
  async use(salt: Buffer, accountId: number): Promise<void> {
    const used = await this.source.query<unknown[]>(
      `with old as materialized (
         select salt from ghl.sso_contexts where used_at < now() - make_interval(days => $3)
          order by used_at limit $4 for update skip locked),
       forgotten as (delete from ghl.sso_contexts c using old where c.salt = old.salt)
       insert into ghl.sso_contexts (salt, account_id) values ($1, $2) on conflict do nothing returning 1`,
      [salt, accountId, REMEMBERED_DAYS, FORGOTTEN_AT_ONCE],
    );
    if (used.length === 0) throw new SsoRefused('context_used');
  }
}
