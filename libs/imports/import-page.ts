import { Injectable } from '@nestjs/common';
import { ContactSync, type InboundResult } from '#libs/contact-sync';
import { type Hook, type ImportCounts, isDataFault } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { type EntityManager } from 'typeorm';

/** A contact that cannot be stored as it is. */
export interface Refused {
  readonly contact: HighLevelContact;
  readonly reason: string;
}

/** What became of the contacts of a page. */
export interface PageOutcome {
  readonly counts: ImportCounts;
  readonly refused: readonly Refused[];
}

type Kind = keyof Omit<ImportCounts, 'failed' | 'conflicts'>;

/** What an outcome counts as. What is known to be later already is as good as unchanged. */
const KINDS: Readonly<Record<InboundResult['outcome'], Kind>> = {
  created: 'created',
  applied: 'updated',
  unchanged: 'unchanged',
  stale: 'unchanged',
  ignored: 'skipped',
};

/** Writes the contacts of one page, in the caller's transaction. */
@Injectable()
export class ImportPage {
  constructor(private readonly contactSync: ContactSync) {}

  /** @param dryRun whether everything is undone again, and only counted */
  async apply(
    manager: EntityManager,
    hook: Hook,
    contacts: readonly HighLevelContact[],
    dryRun: boolean,
  ): Promise<PageOutcome> {
    const lastConflict = await latestConflict(manager, hook.accountId);
    await manager.query('savepoint page');
    const { results, refused } = await this.applyAll(manager, hook, contacts);
    const conflicts = await conflictsAfter(manager, hook.accountId, lastConflict);
    if (dryRun) await manager.query('rollback to savepoint page');
    const count = (kind: Kind): number => results.filter(({ outcome }) => KINDS[outcome] === kind).length;
    return {
      counts: {
        created: count('created'),
        updated: count('updated'),
        unchanged: count('unchanged'),
        skipped: count('skipped'),
        failed: refused.length,
        conflicts,
      },
      refused,
    };
  }

  /** Together, as that takes the fewest statements; if a value cannot be stored, each alone, so that one fails alone. */
  private async applyAll(
    manager: EntityManager,
    hook: Hook,
    contacts: readonly HighLevelContact[],
  ): Promise<{ results: InboundResult[]; refused: Refused[] }> {
    try {
      return { results: await this.contactSync.applyFound(manager, hook, contacts), refused: [] };
    } catch (error) {
      if (!isDataFault(error)) throw error;
      await manager.query('rollback to savepoint page');
    }
    const results: InboundResult[] = [];
    const refused: Refused[] = [];
    for (const contact of contacts) {
      await manager.query('savepoint contact');
      try {
        results.push(...(await this.contactSync.applyFound(manager, hook, [contact])));
        await manager.query('release savepoint contact');
      } catch (error) {
        if (!isDataFault(error)) throw error;
        await manager.query('rollback to savepoint contact');
        refused.push({ contact, reason: 'value_not_storable' });
      }
    }
    return { results, refused };
  }
}

async function latestConflict(manager: EntityManager, accountId: number): Promise<number> {
  const [row] = await manager.query<{ id: number | null }[]>(
    'select max(id) as id from ghl.sync_conflicts where account_id = $1',
    [accountId],
  );
  return row?.id ?? 0;
}

async function conflictsAfter(manager: EntityManager, accountId: number, id: number): Promise<number> {
  const [row] = await manager.query<[{ count: number }]>(
    'select count(*) as count from ghl.sync_conflicts where account_id = $1 and id > $2',
    [accountId, id],
  );
  return row.count;
}
