import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { GOHIGHLEVEL_APP_ID, HookStatus } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { text } from '#libs/i18n';
import { DataSource, type EntityManager } from 'typeorm';

/** Where an account with several locations sends its new contacts (`ghl.connections.is_default`). */
@Injectable()
export class DefaultLocation {
  constructor(
    private readonly database: DataSource,
    private readonly auditLog: AuditLog,
  ) {}

  /** Null where none was chosen. */
  async of(accountId: number, manager: EntityManager = this.database.manager): Promise<string | null> {
    const [row] = await manager.query<{ locationId: string }[]>(
      `select h.reference_id as "locationId"
         from ghl.connections c join public.integrations_hooks h on h.id = c.hook_id
        where c.account_id = $1 and c.is_default and h.app_id = '${GOHIGHLEVEL_APP_ID}'`,
      [accountId],
    );
    return row?.locationId ?? null;
  }

  /**
   * @param locationId null for none: then new contacts of an account with several locations stay in DeskFlow
   * @throws ValidationFailed when the location is not connected to the account
   */
  async choose(
    manager: EntityManager,
    accountId: number,
    userId: number,
    locationId: string | null,
  ): Promise<void> {
    // One at a time for an account: the index admits one default.
    await manager.query('select from ghl.connections where account_id = $1 order by hook_id for update', [
      accountId,
    ]);
    if ((await this.of(accountId, manager)) === locationId) return;
    await manager.query(
      'update ghl.connections set is_default = false where account_id = $1 and is_default',
      [accountId],
    );
    if (locationId !== null) {
      const [, count] = await manager.query<[unknown, number]>(
        `update ghl.connections c set is_default = true
           from public.integrations_hooks h
          where h.id = c.hook_id and h.account_id = $1 and h.app_id = '${GOHIGHLEVEL_APP_ID}'
            and h.reference_id = $2 and h.status = ${HookStatus.enabled}`,
        [accountId, locationId],
      );
      if (count === 0)
        throw new ValidationFailed(text('connection.default_location'), ['default_location_id']);
    }
    await this.auditLog.record(
      {
        accountId,
        action: 'settings.change',
        actor: { kind: 'user', userId },
        outcome: 'success',
        details: { default_location_id: locationId ?? 'none' },
      },
      manager,
    );
  }
}
