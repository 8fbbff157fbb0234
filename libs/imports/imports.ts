import { Injectable } from '@nestjs/common';
import { type AuditAction, AuditLog } from '#libs/audit';
import { ContactImport, type ImportDirection, type ImportSelection, type ImportState } from '#libs/database';
import { Conflict, NotFound } from '#libs/errors';
import { type Keyset } from '#libs/http';
import { text } from '#libs/i18n';
import { Hooks } from '#libs/integrations';
import { DataSource, type EntityManager, LessThan } from 'typeorm';

const FAILURES_READ_AT_ONCE = 500;
/** First key of the advisory locks on opening an import, by hook: "ghl" and a number, as in pg_locks. */
const OPEN_IMPORT_LOCK = 0x67686c13;

/** What is to be imported. */
export interface ImportOrder {
  /** The account's only location where it is left out. */
  readonly locationId?: string | undefined;
  readonly selection: ImportSelection;
  readonly direction: ImportDirection;
  readonly dryRun: boolean;
}

/** Who gives an order, and for which account. */
export interface Orderer {
  readonly accountId: number;
  readonly userId: number;
}

/** A contact that could not be imported. */
export interface ImportFailure {
  readonly id: number;
  readonly ghlContactId: string;
  readonly name: string | null;
  /** A machine code. */
  readonly reason: string;
}

/** Another import of the location has not ended yet. */
export class ImportUnderWay extends Conflict {
  constructor(importId: number) {
    super(text('import.under_way'), { import_id: importId });
  }
}

interface Transition {
  readonly action: AuditAction;
  readonly to: ImportState;
  readonly from: readonly ImportState[];
}

const TRANSITIONS = {
  pause: { action: 'import.pause', to: 'paused', from: ['queued', 'running'] },
  resume: { action: 'import.resume', to: 'queued', from: ['paused', 'failed'] },
  cancel: { action: 'import.cancel', to: 'cancelled', from: ['queued', 'running', 'paused'] },
} as const satisfies Record<string, Transition>;
export type ImportCommand = keyof typeof TRANSITIONS;

/** Imports of an account: ordered, looked at, paused and ended by administrators. The runner does the work. */
@Injectable()
export class Imports {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly auditLog: AuditLog,
  ) {}

  /** @throws NotConnected, Conflict where a location must be named, ImportUnderWay */
  async start({ accountId, userId }: Orderer, order: ImportOrder): Promise<ContactImport> {
    const hook = await this.hooks.ofLocation(accountId, order.locationId);
    const locationId = hook.referenceId ?? '';
    return this.database.transaction(async (manager) => {
      await this.assertNoneOpen(manager, hook.id);
      const { id } = await manager.save(ContactImport, {
        accountId,
        hookId: hook.id,
        locationId,
        selection: order.selection,
        direction: order.direction,
        phase: order.direction === 'out' ? 'out' : 'in',
        dryRun: order.dryRun,
        startedBy: userId,
      });
      await this.auditLog.record(
        {
          accountId,
          action: 'import.start',
          actor: { kind: 'user', userId },
          outcome: 'success',
          hookId: hook.id,
          locationId,
          details: {
            import_id: id,
            selection: order.selection.kind,
            direction: order.direction,
            dry_run: order.dryRun,
          },
        },
        manager,
      );
      return manager.findOneByOrFail(ContactImport, { id });
    });
  }

  /** Newest first. */
  async list(accountId: number, { before, fetch }: Keyset): Promise<ContactImport[]> {
    return this.database.manager.find(ContactImport, {
      where: { accountId, ...(before !== null && { id: LessThan(before) }) },
      order: { id: 'desc' },
      take: fetch,
    });
  }

  /** @throws NotFound also for an import of another account */
  async one(accountId: number, id: number): Promise<ContactImport> {
    const found = await this.database.manager.findOneBy(ContactImport, { accountId, id });
    if (!found) throw new NotFound('Import');
    return found;
  }

  /**
   * A page that is on its way is dropped, and fetched again on resuming. Doing it twice is doing it once.
   * @throws NotFound; Conflict for an import that has ended otherwise; ImportUnderWay
   */
  async command({ accountId, userId }: Orderer, id: number, command: ImportCommand): Promise<ContactImport> {
    const { action, to, from } = TRANSITIONS[command];
    return this.database.transaction(async (manager) => {
      const found = await manager.findOne(ContactImport, {
        where: { accountId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!found) throw new NotFound('Import');
      const isDone = found.state === to || (command === 'resume' && found.state === 'running');
      if (isDone) return found;
      if (!from.some((state) => state === found.state))
        throw new Conflict(text(`import.is_${found.state}`), { import_id: id, state: found.state });
      if (command === 'resume') await this.assertNoneOpen(manager, found.hookId, id);
      const now = new Date();
      await manager.update(
        ContactImport,
        { id },
        {
          state: to,
          // Whoever is fetching a page finds that it is no longer theirs, and drops it.
          leaseToken: null,
          leaseUntil: null,
          updatedAt: now,
          ...(command === 'resume' && { nextAttemptAt: now, attempts: 0, reason: null, finishedAt: null }),
          ...(command === 'cancel' && { finishedAt: now }),
        },
      );
      const { hookId, locationId } = found;
      await this.auditLog.record(
        {
          accountId,
          action,
          actor: { kind: 'user', userId },
          outcome: 'success',
          hookId,
          locationId,
          details: { import_id: id },
        },
        manager,
      );
      return manager.findOneByOrFail(ContactImport, { id });
    });
  }

  /** Oldest first, a page. @throws NotFound */
  async failures(accountId: number, id: number, after: number, limit: number): Promise<ImportFailure[]> {
    await this.one(accountId, id);
    return this.database.query<ImportFailure[]>(
      `select id, ghl_contact_id as "ghlContactId", name, reason from ghl.import_failures
        where import_id = $1 and id > $2 order by id limit $3`,
      [id, after, limit],
    );
  }

  /** Oldest first, all of them, read as they are taken. The import is the account's: see `one`. */
  async *allFailures(accountId: number, id: number): AsyncGenerator<ImportFailure> {
    let after = 0;
    for (;;) {
      const page = await this.failures(accountId, id, after, FAILURES_READ_AT_ONCE);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < FAILURES_READ_AT_ONCE) return;
      after = last.id;
    }
  }

  /**
   * Until the transaction ends nobody else opens one either.
   * @throws ImportUnderWay
   */
  private async assertNoneOpen(manager: EntityManager, hookId: number, except = 0): Promise<void> {
    await manager.query('select pg_advisory_xact_lock($1, hashtext($2))', [OPEN_IMPORT_LOCK, String(hookId)]);
    const [open] = await manager.query<{ id: number }[]>(
      `select id from ghl.imports where hook_id = $1 and id <> $2 and state in ('queued', 'running', 'paused')`,
      [hookId, except],
    );
    if (open) throw new ImportUnderWay(open.id);
  }
}
