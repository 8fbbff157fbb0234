import { Injectable } from '@nestjs/common';
import { GOHIGHLEVEL_APP_ID, HookStatus, type SsoRole } from '#libs/database';
import { DataSource } from 'typeorm';
import { type Confinement } from './caller.js';

/** What sessions that HighLevel vouched for may do, at the moment at which they want to. */
@Injectable()
export class Confinements {
  constructor(private readonly source: DataSource) {}

  /** @returns undefined where the account does not hold the location (any more), or lets nobody sign in from there */
  async of(accountId: number, locationId: string): Promise<Confinement | undefined> {
    const [row] = await this.source.query<{ role: SsoRole }[]>(
      `select coalesce(s.sso_role, 'agent') as role
         from integrations_hooks h
         left join ghl.sync_settings s on s.account_id = h.account_id
        where h.account_id = $1 and h.app_id = $2 and h.reference_id = $3 and h.status = $4
        limit 1`,
      [accountId, GOHIGHLEVEL_APP_ID, locationId, HookStatus.enabled],
    );
    return row && row.role !== 'none' ? { accountId, locationId, atMost: row.role } : undefined;
  }
}
