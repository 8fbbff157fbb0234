import { Injectable } from '@nestjs/common';
import { FOUND_AT_ONCE, FoundContacts, type FoundOutcome } from '#libs/contact-sync';
import { type Hook } from '#libs/database';
import { type ContactPage, type HighLevelContact } from '#libs/highlevel';
import { HighLevelClients } from '#libs/integrations';
import { addCounts, type RunCounts } from './reconciliation.js';
import { type ClaimedRun, ReconciliationClaims } from './reconciliation-claims.js';

/** HL 5.2. */
const MOST_PER_PAGE = 500;
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
      isLast = page.contacts.length < MOST_PER_PAGE || cursor === undefined;
    }
    return this.claims.finish(run, claimed.at);
  }

  private search(hook: Hook, since: Date, cursor: readonly unknown[] | undefined): Promise<ContactPage> {
    return this.clients.forHook(hook, 'bulk').contacts.search({
      pageLimit: MOST_PER_PAGE,
      sort: [{ field: 'dateUpdated', direction: 'asc' }],
      filters: [{ field: 'dateUpdated', operator: 'range', value: { gte: since.toISOString() } }],
      ...(cursor && { searchAfter: cursor }),
    });
  }

  private async apply(
    asked: ClaimedRun,
    hook: Hook,
    contacts: readonly HighLevelContact[],
  ): Promise<ClaimedRun> {
    let run: ClaimedRun = { ...asked, counts: addCounts(asked.counts, { requests: 1 }) };
    for (let start = 0; start < contacts.length; start += FOUND_AT_ONCE) {
      const part = contacts.slice(start, start + FOUND_AT_ONCE);
      const before = run;
      run = await this.found.apply(hook, { contacts: part, asOf: asked.at }, false, (manager, outcome) =>
        this.claims.advance(manager, before, {
          counts: addCounts(before.counts, countsOf(part, outcome, asked.at)),
          agreedUntil: dateOf(part.at(-1)),
        }),
      );
    }
    return run;
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
