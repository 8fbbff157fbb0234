import { Injectable } from '@nestjs/common';
import { ContactSync, type InboundResult } from '#libs/contact-sync';
import { type Hook, type ImportCounts, isDataFault } from '#libs/database';
import { type HighLevelContact } from '#libs/highlevel';
import { type EntityManager } from 'typeorm';

/** A page as it was found. */
export interface FoundPage {
  readonly contacts: readonly HighLevelContact[];
  /** PostgreSQL's time before HighLevel was asked. */
  readonly asOf: Date;
}

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

type Kind = keyof Omit<ImportCounts, 'failed' | 'queued' | 'conflicts'>;

/** What an outcome counts as. What is known to be later already is as good as unchanged. */
const KINDS: Readonly<Record<InboundResult['outcome'], Kind>> = {
  created: 'created',
  applied: 'updated',
  unchanged: 'unchanged',
  stale: 'unchanged',
  ignored: 'skipped',
};
/** More than the fields of a page that two sides can have changed. */
const MOST_CONFLICTS = 10_000;

/** Writes the contacts of one page, in the caller's transaction. */
@Injectable()
export class ImportPage {
  constructor(private readonly contactSync: ContactSync) {}

  /** Together, as that takes the fewest statements. Throws what PostgreSQL throws; the transaction is lost then. */
  async apply(manager: EntityManager, hook: Hook, { contacts, asOf }: FoundPage): Promise<PageOutcome> {
    return this.outcome(manager, hook, await this.contactSync.applyFound(manager, hook, contacts, asOf), []);
  }

  /** Each contact on its own, so that one whose values cannot be stored fails alone. */
  async applyEach(manager: EntityManager, hook: Hook, { contacts, asOf }: FoundPage): Promise<PageOutcome> {
    const results: InboundResult[] = [];
    const refused: Refused[] = [];
    for (const contact of contacts) {
      await manager.query('savepoint contact');
      try {
        results.push(...(await this.contactSync.applyFound(manager, hook, [contact], asOf)));
        await manager.query('release savepoint contact');
      } catch (error) {
        if (!isDataFault(error)) throw error;
        await manager.query('rollback to savepoint contact');
        refused.push({ contact, reason: 'value_not_storable' });
      }
    }
    return this.outcome(manager, hook, results, refused);
  }

  private async outcome(
    manager: EntityManager,
    { accountId }: Hook,
    results: readonly InboundResult[],
    refused: readonly Refused[],
  ): Promise<PageOutcome> {
    const count = (kind: Kind): number => results.filter(({ outcome }) => KINDS[outcome] === kind).length;
    const updated = count('updated');
    return {
      counts: {
        created: count('created'),
        updated,
        unchanged: count('unchanged'),
        skipped: count('skipped'),
        failed: refused.length,
        queued: 0,
        conflicts: updated > 0 ? await conflictsOfThis(manager, accountId) : 0,
      },
      refused,
    };
  }
}

/** Those that this transaction has settled: they bear its time, and are the latest. */
async function conflictsOfThis(manager: EntityManager, accountId: number): Promise<number> {
  const [row] = await manager.query<[{ count: number }]>(
    `select count(*) filter (where detected_at = now()) as count
       from (select detected_at from ghl.sync_conflicts where account_id = $1 order by id desc limit $2) latest`,
    [accountId, MOST_CONFLICTS],
  );
  return row.count;
}
