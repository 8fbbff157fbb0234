import { Injectable, Logger } from '@nestjs/common';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { Throttled } from '#libs/errors';
import { WakeUps } from '#libs/queue';
import { DataSource } from 'typeorm';
import { type Delivery } from './delivery.js';
import { GroupCommit } from './group-commit.js';
import { UNINSTALL_LANE } from './inbox-claims.js';
import { notStored } from './not-stored.js';
import { isDataFault } from './sql-faults.js';

/** One statement's worth; PostgreSQL takes far more, but the first of a group waits for the last. */
const MAX_GROUP_ROWS = 500;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/** Bodies that may wait in memory for the disk. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * The hook that a location's deliveries belong to is looked up here, in the statement that stores them: a location
 * belongs to one account, and the enabled hook counts should there be several. A key that is there already is a
 * duplicate and changes nothing.
 */
const INSERT = `
  insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, company_id, entity_key, event_at, body,
                         state, reason, finished_at)
  select d.key, d.type, hook.account_id, case d.kind when 'uninstall' then ${UNINSTALL_LANE} else hook.id end,
         d.location_id, d.company_id, d.entity_key, d.event_at, d.body,
         fate.state, fate.reason, case when fate.state in ('ignored', 'dead') then now() end
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[], $8::text[],
                $9::text[])
         as d (key, type, location_id, company_id, entity_key, event_at, body, kind, reason)
    left join lateral (
           select id, account_id, status = ${HookStatus.enabled} as enabled
             from public.integrations_hooks
            where app_id = '${GOHIGHLEVEL_APP_ID}' and reference_id = d.location_id
            order by status desc nulls last, id limit 1) hook on true
   cross join lateral (
           select case when d.kind in ('ignored', 'dead') then d.kind
                       when d.kind = 'uninstall' then 'pending'
                       when d.kind = 'install' then case when hook.enabled then 'ignored' else 'parked' end
                       when hook.enabled then 'pending'
                       else 'ignored' end as state,
                  case when d.kind in ('ignored', 'dead') then d.reason
                       when d.kind = 'uninstall' then null
                       when d.kind = 'install' then case when hook.enabled then 'already_connected' else 'not_claimed' end
                       when hook.enabled then null
                       when hook.id is null then 'location_not_connected'
                       else 'disconnected' end as reason) fate
   order by d.key
  on conflict (delivery_key) do nothing
  returning hook_id, state`;

/** Takes deliveries in: durable when `accept` resolves, each once. */
@Injectable()
export class Inbox {
  private readonly logger = new Logger(Inbox.name);
  private readonly commits = new GroupCommit<Delivery>({
    write: (deliveries) => this.insert(deliveries),
    sizeOf: ({ body }) => body.length,
    isItemsFault: isDataFault,
    maxItems: MAX_GROUP_ROWS,
    maxBytes: MAX_GROUP_BYTES,
    maxWaitingBytes: MAX_WAITING_BYTES,
    onFull: notStored,
  });

  constructor(
    private readonly database: DataSource,
    private readonly wakeUps: WakeUps,
  ) {}

  /**
   * Resolves when the delivery is committed, or was before.
   * @throws Throttled when it could not be stored: whoever sent it is to send it again
   */
  async accept(delivery: Delivery): Promise<void> {
    try {
      await this.commits.add(delivery);
    } catch (error) {
      if (error instanceof Throttled) throw error;
      this.logger.error({
        msg: 'A delivery could not be stored',
        type: delivery.type,
        reason: reasonOf(error),
      });
      throw notStored();
    }
  }

  private async insert(deliveries: readonly Delivery[]): Promise<void> {
    const rows = await this.database.query<{ hook_id: number | null; state: string }[]>(INSERT, [
      deliveries.map(({ key }) => key),
      deliveries.map(({ type }) => type),
      deliveries.map(({ locationId }) => locationId),
      deliveries.map(({ companyId }) => companyId),
      deliveries.map(({ entityKey }) => entityKey),
      deliveries.map(({ eventAt }) => eventAt),
      deliveries.map(({ body }) => body),
      deliveries.map(({ fate }) => fate.kind),
      deliveries.map(({ fate }) => ('reason' in fate ? fate.reason : null)),
    ]);
    const due = new Set(rows.filter(({ state }) => state === 'pending').map(({ hook_id }) => hook_id));
    for (const hookId of due) if (hookId !== null) this.wakeUps.ring('inbound', hookId);
  }
}

/** The driver's message names parameters' positions, never their values; TypeORM's error would carry the bodies. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown';
}
