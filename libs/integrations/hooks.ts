import { Injectable, Logger } from '@nestjs/common';
import { type AuditActor, AuditLog } from '#libs/audit';
import { GOHIGHLEVEL_APP_ID, Hook, HookStatus, HookType } from '#libs/database';
import { Conflict, Unavailable } from '#libs/errors';
import { text } from '#libs/i18n';
import { DataSource, type EntityManager, type Repository } from 'typeorm';
import { AdvisoryLock } from './advisory-locks.js';
import { removeAgenciesOf, removeAgency } from './agencies.js';
import { LocationAlreadyConnected, NotConnected } from './connection-errors.js';
import {
  findConnections,
  type LocationProfile,
  recordInstalled,
  recordProfile,
  recordUninstalled,
} from './connections.js';
import { parseTime, readHookSettings } from './hook-settings.js';
import { HookTokens } from './hook-tokens.js';
import { finishParkedInstalls, ignoreOpenWork } from './hook-work.js';
import { ReauthorizationFlags } from './reauthorization-flags.js';
import { HIGHLEVEL, THIS_SERVICE } from './refresh-audit.js';
import { isLockTimeout } from './sql-failures.js';
import { type TokenGrant } from './token-grant.js';

/** What HighLevel's UNINSTALL says: one location, or with only a company all locations of that agency (HL 4.6). */
export interface Uninstallation {
  readonly locationId?: string | undefined;
  readonly companyId?: string | undefined;
  /** When it happened, by HighLevel's clock. */
  readonly at: Date;
}

/** The connections of accounts to HighLevel locations: one `integrations_hooks` row each. */
@Injectable()
export class Hooks {
  private readonly logger = new Logger(Hooks.name);

  constructor(
    private readonly database: DataSource,
    private readonly tokens: HookTokens,
    private readonly audit: AuditLog,
    private readonly flags: ReauthorizationFlags,
  ) {}

  async findById(id: number): Promise<Hook | undefined> {
    return (await this.repository.findOneBy({ id, appId: GOHIGHLEVEL_APP_ID })) ?? undefined;
  }

  /** All locations of an account, the first connected one first. */
  async findByAccount(accountId: number): Promise<Hook[]> {
    return this.repository.find({ where: { accountId, appId: GOHIGHLEVEL_APP_ID }, order: { id: 'asc' } });
  }

  /**
   * The account's enabled hook of a location, or its only one.
   * @throws NotConnected; Conflict where a location must be named
   */
  async ofLocation(accountId: number, locationId: string | undefined): Promise<Hook> {
    const enabled = (await this.findByAccount(accountId)).filter(
      ({ status, referenceId }) => status === HookStatus.enabled && referenceId !== null,
    );
    const [hook, another] =
      locationId === undefined ? enabled : enabled.filter(({ referenceId }) => referenceId === locationId);
    if (!hook) throw new NotConnected();
    if (another) throw new Conflict(text('connection.several_locations'));
    return hook;
  }

  /** The hook that deliveries for this location belong to; an enabled one, should there be several. */
  async findByLocation(locationId: string): Promise<Hook | undefined> {
    const [hook] = await this.repository.find({
      where: { referenceId: locationId, appId: GOHIGHLEVEL_APP_ID },
      order: { status: { direction: 'desc', nulls: 'last' }, id: 'asc' },
      take: 1,
    });
    return hook;
  }

  /**
   * Gives a location to an account and stores its tokens. A location the account holds already is updated in place,
   * and whatever was wrong with it is forgotten.
   * @param actor who wants it
   * @throws LocationAlreadyConnected when another account holds it, also disabled or uninstalled
   */
  async connect(accountId: number, grant: TokenGrant, actor: AuditActor = THIS_SERVICE): Promise<Hook> {
    const { locationId } = grant;
    const hookId = await this.inTransaction(async (manager) => {
      await lockLocation(manager, locationId);
      const holders = await manager.query<{ id: number; accountId: number }[]>(
        `select id, account_id as "accountId" from integrations_hooks
          where app_id = $1 and reference_id = $2 order by id for update`,
        [GOHIGHLEVEL_APP_ID, locationId],
      );
      if (holders.some((holder) => holder.accountId !== accountId))
        throw new LocationAlreadyConnected(locationId);
      const id = holders[0]?.id ?? (await insertHook(manager, accountId, locationId));
      const at = new Date();
      await this.tokens.install(manager, id, grant, at);
      await recordInstalled(manager, id, accountId, at);
      await finishParkedInstalls(manager, { hookId: id, accountId, locationId });
      await this.audit.record(
        { accountId, action: 'connection.connect', actor, outcome: 'success', hookId: id, locationId },
        manager,
      );
      return id;
    });
    await this.flags.clear([hookId]);
    this.logger.log({ msg: 'Connected a HighLevel location', hookId, accountId, locationId });
    return this.repository.findOneByOrFail({ id: hookId });
  }

  /** Keeps what the location says about itself. */
  async describe(hook: Hook, profile: LocationProfile): Promise<void> {
    await recordProfile(this.database.manager, hook.id, profile);
  }

  /**
   * Removes the account's connection to one location, or to all of them and to its agencies, whose later locations
   * would come by themselves: hook rows and with them the tokens go, as Chatwoot deletes them; contact links stay, so
   * that reconnecting finds the pairs again.
   * @throws NotConnected when there is nothing to remove
   */
  async disconnect(
    accountId: number,
    { locationId, actor = THIS_SERVICE }: { locationId?: string | undefined; actor?: AuditActor } = {},
  ): Promise<void> {
    const hookIds = await this.inTransaction(async (manager) => {
      const [removed] = await manager.query<[{ id: number; locationId: string | null }[], number]>(
        `delete from integrations_hooks
          where account_id = $1 and app_id = $2 and ($3::text is null or reference_id = $3::text)
          returning id, reference_id as "locationId"`,
        [accountId, GOHIGHLEVEL_APP_ID, locationId ?? null],
      );
      const agencies = locationId === undefined ? await removeAgenciesOf(manager, accountId) : [];
      const ids = removed.map(({ id }) => id);
      if (ids.length + agencies.length === 0) throw new NotConnected();
      const common = { accountId, actor, outcome: 'success' } as const;
      for (const hook of removed) {
        const about = { hookId: hook.id, locationId: hook.locationId };
        await this.audit.record({ ...common, ...about, action: 'connection.disconnect' }, manager);
      }
      for (const company_id of agencies) {
        const details = { company_id };
        await this.audit.record({ ...common, details, action: 'agency.disconnect' }, manager);
      }
      await manager.query('delete from ghl.connections where hook_id = any($1::bigint[])', [ids]);
      await ignoreOpenWork(manager, 'inbox', ids);
      await ignoreOpenWork(manager, 'outbox', ids);
      return ids;
    });
    await this.flags.clear(hookIds);
    this.logger.log({ msg: 'Disconnected HighLevel', accountId, hookIds });
  }

  /**
   * The app was removed in HighLevel: disables the hooks concerned and drops their tokens. Links and queued work
   * stay for a reinstall. One that is older than the installation in place is a late delivery and changes nothing.
   * @returns the ids of the hooks that ended
   */
  async uninstall({ locationId, companyId, at }: Uninstallation): Promise<number[]> {
    const ended = await this.inTransaction(async (manager) => {
      const hooks = await manager
        .createQueryBuilder(Hook, 'hook')
        .where('hook.appId = :appId', { appId: GOHIGHLEVEL_APP_ID })
        .andWhere(
          locationId === undefined
            ? `hook.settings->>'company_id' = :companyId`
            : 'hook.referenceId = :locationId',
          { companyId, locationId },
        )
        .orderBy('hook.id')
        .setLock('pessimistic_write')
        .getMany();
      const connections = await findConnections(
        manager,
        hooks.map(({ id }) => id),
      );
      const concerned = hooks.filter((hook) => {
        const installedAt = connections.get(hook.id)?.installedAt ?? connectedAt(hook);
        return installedAt === undefined || installedAt <= at;
      });
      const common = { action: 'connection.uninstall', actor: HIGHLEVEL, outcome: 'success' } as const;
      for (const { id, accountId, referenceId } of concerned) {
        await this.tokens.drop(manager, id);
        await recordUninstalled(manager, id, accountId, at);
        await this.audit.record({ ...common, accountId, hookId: id, locationId: referenceId }, manager);
      }
      // After the hooks: a refresh, too, locks a hook before its agency.
      if (locationId === undefined && companyId !== undefined)
        await this.uninstallAgency(manager, companyId, at);
      return concerned.map(({ id }) => id);
    });
    if (ended.length > 0) {
      await this.flags.clear(ended);
      this.logger.log({ msg: 'HighLevel uninstalled the app', hookIds: ended });
    }
    return ended;
  }

  private async uninstallAgency(manager: EntityManager, companyId: string, at: Date): Promise<void> {
    const common = { action: 'agency.uninstall', actor: HIGHLEVEL, outcome: 'success' } as const;
    for (const accountId of await removeAgency(manager, companyId, at))
      await this.audit.record({ ...common, accountId, details: { company_id: companyId } }, manager);
  }

  private async inTransaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } catch (error) {
      // A refresh holds the row's lock while HighLevel answers.
      if (isLockTimeout(error)) throw new Unavailable('connection');
      throw error;
    }
  }

  private get repository(): Repository<Hook> {
    return this.database.getRepository(Hook);
  }
}

/** Two accounts that claim one location at once are decided here; no constraint spans accounts (DM 1). */
async function lockLocation(manager: EntityManager, locationId: string): Promise<void> {
  await manager.query('select pg_advisory_xact_lock($1, hashtext($2))', [AdvisoryLock.Location, locationId]);
}

async function insertHook(manager: EntityManager, accountId: number, locationId: string): Promise<number> {
  const [hook] = await manager.query<[{ id: number }]>(
    `insert into integrations_hooks
            (account_id, app_id, hook_type, reference_id, status, settings, created_at, updated_at)
     values ($1, $2, $3, $4, $5, '{}', now() at time zone 'UTC', now() at time zone 'UTC') returning id`,
    [accountId, GOHIGHLEVEL_APP_ID, HookType.account, locationId, HookStatus.enabled],
  );
  return hook.id;
}

function connectedAt(hook: Hook): Date | undefined {
  return parseTime(readHookSettings(hook.settings).connected_at);
}
