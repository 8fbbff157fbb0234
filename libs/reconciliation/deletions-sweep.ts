import { Injectable } from '@nestjs/common';
import { ContactSync } from '#libs/contact-sync';
import { type Hook } from '#libs/database';
import { type HighLevelApi, HighLevelError } from '#libs/highlevel';
import { HighLevelClients } from '#libs/integrations';
import { DataSource } from 'typeorm';
import { addCounts, type RunCounts } from './reconciliation.js';
import { type ClaimedRun, ReconciliationClaims } from './reconciliation-claims.js';
import { SightedContacts } from './sighted-contacts.js';

/** HL 5.2. */
const MOST_PER_PAGE = 500;
/** Missing contacts that are asked for one by one before what became of them is committed. */
const CHECKED_AT_ONCE = 20;

/** Where a sweep is. */
type Stage =
  | { readonly stage: 'walk'; readonly searchAfter: readonly unknown[] }
  /** Everybody was seen; those who were not are asked for. */
  | { readonly stage: 'check' };

/** Finds contacts that HighLevel deleted without our hearing of it. */
@Injectable()
export class DeletionsSweep {
  constructor(
    private readonly database: DataSource,
    private readonly clients: HighLevelClients,
    private readonly claims: ReconciliationClaims,
    private readonly sighted: SightedContacts,
    private readonly contactSync: ContactSync,
  ) {}

  /**
   * Walks through the ids of all contacts, oldest first, and then asks for each that is linked and was not seen: a search
   * lags and may be wrong, only `GET` tells for sure.
   * @param isStopping asked after each page
   * @returns what it found; undefined when it did not come to the end
   * @throws LeaseLost, and what asking HighLevel throws
   */
  async run(claimed: ClaimedRun, hook: Hook, isStopping: () => boolean): Promise<RunCounts | undefined> {
    const api = this.clients.forHook(hook, 'bulk');
    if (claimed.cursor === null) await this.sighted.forget(this.database.manager, claimed);
    let run = claimed;
    while (!isStopping()) {
      const stage = run.cursor as Stage | null;
      if (stage?.stage !== 'check') {
        run = await this.walk(run, api, stage?.searchAfter);
        continue;
      }
      const missing = await this.sighted.missing(this.database.manager, run, run.beganAt, CHECKED_AT_ONCE);
      if (missing.length === 0) {
        await this.sighted.forget(this.database.manager, run);
        return this.claims.finish(run, run.beganAt);
      }
      run = await this.check(run, hook, api, missing);
    }
    return undefined;
  }

  /** One page. */
  private async walk(
    run: ClaimedRun,
    api: HighLevelApi,
    searchAfter: readonly unknown[] | undefined,
  ): Promise<ClaimedRun> {
    const { contacts } = await api.contacts.search({
      pageLimit: MOST_PER_PAGE,
      sort: [{ field: 'dateAdded', direction: 'asc' }],
      ...(searchAfter && { searchAfter }),
    });
    const next = contacts.length < MOST_PER_PAGE ? undefined : contacts.at(-1)?.searchAfter;
    const cursor: Stage = next ? { stage: 'walk', searchAfter: next } : { stage: 'check' };
    const counts = addCounts(run.counts, { requests: 1, lookedAt: contacts.length });
    const ids = contacts.map(({ id }) => id);
    return this.database.transaction(async (manager) => {
      await this.sighted.add(manager, run, ids);
      return this.claims.advance(manager, run, { counts, cursor });
    });
  }

  /** What is gone is archived, as its event would have done; what is there was merely not found. */
  private async check(
    run: ClaimedRun,
    hook: Hook,
    api: HighLevelApi,
    ghlContactIds: readonly string[],
  ): Promise<ClaimedRun> {
    const gone: string[] = [];
    for (const id of ghlContactIds) if (!(await exists(api, id))) gone.push(id);
    const events = gone.map((id, index) => ({
      id: index,
      eventAt: null,
      event: { type: 'ContactDelete' as const, id },
    }));
    return this.database.transaction(async (manager) => {
      const results = await this.contactSync.applyEvents(manager, hook, events);
      await this.sighted.add(manager, run, ghlContactIds);
      const archived = results.filter(({ outcome }) => outcome === 'applied').length;
      const counts = addCounts(run.counts, { requests: ghlContactIds.length, archived });
      return this.claims.advance(manager, run, { counts, cursor: { stage: 'check' } satisfies Stage });
    });
  }
}

async function exists(api: HighLevelApi, ghlContactId: string): Promise<boolean> {
  try {
    await api.contacts.get(ghlContactId);
    return true;
  } catch (error) {
    if (error instanceof HighLevelError && error.kind === 'not_found') return false;
    throw error;
  }
}
