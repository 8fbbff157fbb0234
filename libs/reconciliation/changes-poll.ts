import { Injectable } from '@nestjs/common';
import { FOUND_AT_ONCE, FoundContacts, type FoundOutcome } from '#libs/contact-sync';
import { type Hook } from '#libs/database';
import { type ContactPage, type HighLevelContact } from '#libs/highlevel';
import { HighLevelClients } from '#libs/integrations';
import { addCounts, type RunCounts } from './reconciliation.js';
import { type ClaimedRun, ReconciliationClaims } from './reconciliation-claims.js';

/** Search lags some seconds behind (HL 5.2), and HighLevel's clock is not ours: so much is looked at a second time. */
const OVERLAP_MS = 5 * 60_000;
/** A change that is younger may have its event on the way still, and is no sign of a lost one. */
const EVENT_DELAY_MS = 60_000;

/** Asks for the contacts that HighLevel changed since both sides last agreed, and applies them. */
@Injectable()
export class ChangesPoll {
  constructor(
    private readonly clients: HighLevelClients,
    private readonly found: FoundContacts,
    private readonly claims: ReconciliationClaims,
  ) {}

  /**
   * What changes meanwhile moves to the end of the walk, so that none is missed.
   * @param isStopping asked after each page
   * @returns what it found; undefined when it did not come to the end
   * @throws LeaseLost, and what asking HighLevel throws
   */
  async run(claimed: ClaimedRun, hook: Hook, isStopping: () => boolean): Promise<RunCounts | undefined> {
    const since = new Date(claimed.agreedFrom.getTime() - OVERLAP_MS);
    let run = claimed;
    for (let cursor: readonly unknown[] | undefined, isLast = false; !isLast;) {
      if (isStopping()) return undefined;
      const page = await this.search(hook, since, cursor);
      run = await this.apply(run, hook, page.contacts);
      cursor = page.contacts.at(-1)?.searchAfter;
      isLast = page.contacts.length < FOUND_AT_ONCE || cursor === undefined;
    }
    return this.claims.finish(run, claimed.at);
  }

  private search(hook: Hook, since: Date, cursor: readonly unknown[] | undefined): Promise<ContactPage> {
    return this.clients.forHook(hook, 'bulk').contacts.search({
      pageLimit: FOUND_AT_ONCE,
      sort: [{ field: 'dateUpdated', direction: 'asc' }],
      filters: [{ field: 'dateUpdated', operator: 'range', value: { gte: since.toISOString() } }],
      ...(cursor && { searchAfter: cursor }),
    });
  }

  private async apply(
    run: ClaimedRun,
    hook: Hook,
    contacts: readonly HighLevelContact[],
  ): Promise<ClaimedRun> {
    const counts = addCounts(run.counts, { requests: 1 });
    if (contacts.length === 0) return { ...run, counts };
    return this.found.apply(hook, { contacts, asOf: run.at }, (manager, outcome) =>
      this.claims.advance(manager, run, {
        counts: addCounts(counts, countsOf(contacts, outcome, run.at)),
        agreedUntil: dateOf(contacts.at(-1)),
      }),
    );
  }
}

function countsOf(
  contacts: readonly HighLevelContact[],
  { results, refused, conflicts }: FoundOutcome,
  asOf: Date,
): Partial<RunCounts> {
  const isLost = (id: number): boolean => {
    const changedAt = dateOf(contacts[id]);
    return changedAt !== undefined && changedAt.getTime() < asOf.getTime() - EVENT_DELAY_MS;
  };
  const count = (wanted: string): number =>
    results.filter(({ id, outcome }) => outcome === wanted && isLost(id)).length;
  return {
    lookedAt: contacts.length,
    created: count('created'),
    updated: count('applied'),
    refused: refused.length,
    conflicts,
  };
}

function dateOf(contact: HighLevelContact | undefined): Date | undefined {
  const date = new Date(contact?.dateUpdated ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
