import { Injectable } from '@nestjs/common';
import { type SyncDirection, type WorkState } from '#libs/database';
import { DataSource } from 'typeorm';

const SHOWN = 20;

/** An event that came, or a change that went. */
export interface Activity {
  readonly id: number;
  readonly direction: SyncDirection;
  /** HighLevel's type of an event; `push` or `delete` for what went. */
  readonly type: string;
  readonly state: WorkState;
  readonly reason: string | null;
  readonly locationId: string | null;
  readonly contactId: number | null;
  readonly contactName: string | null;
  /** When it ended, or came. */
  readonly at: Date;
}

/** The newest of each direction, by their indexes on the account; then the newest of both. */
const NEWEST = `
  with arrived as (
    select id, 'in' as direction, type, state, reason, location_id, entity_key, null::bigint as contact_id,
           coalesce(finished_at, received_at) as at
      from ghl.inbox where account_id = $1 order by id desc limit ${SHOWN}),
  sent as (
    select o.id, 'out' as direction, o.operation as type, o.state, o.reason, h.reference_id as location_id,
           null as entity_key, o.contact_id, coalesce(o.finished_at, o.changed_at) as at
      from (select * from ghl.outbox where account_id = $1 order by id desc limit ${SHOWN}) o
      left join public.integrations_hooks h on h.id = o.hook_id),
  newest as (
    select * from (select * from arrived union all select * from sent) both_ways order by at desc, id desc limit ${SHOWN})
  select n.id, n.direction, n.type, n.state, n.reason, n.location_id as "locationId", c.id as "contactId",
         c.name as "contactName", n.at
    from newest n
    left join ghl.contact_links l
      on l.account_id = $1 and l.location_id = n.location_id
     and l.ghl_contact_id = substring(n.entity_key from '^contact:(.*)$')
    left join public.contacts c on c.id = coalesce(n.contact_id, l.contact_id) and c.account_id = $1
   order by n.at desc, n.id desc`;

/** What has happened lately in both directions. */
@Injectable()
export class RecentActivity {
  constructor(private readonly database: DataSource) {}

  /** Newest first. */
  async newest(accountId: number): Promise<Activity[]> {
    return this.database.query<Activity[]>(NEWEST, [accountId]);
  }
}
