import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import {
  FOUND_AT_ONCE,
  FoundContacts,
  type FoundOutcome,
  type FoundPage,
  type InboundResult,
  PageConnections,
  reactToFailedCall,
  type Refused,
} from '#libs/contact-sync';
import {
  ContactImport,
  type Hook,
  HookStatus,
  type ImportCounts,
  type ImportSelection,
} from '#libs/database';
import { type ContactFilter, type HighLevelApi, type HighLevelContact } from '#libs/highlevel';
import { HighLevelClients, Hooks } from '#libs/integrations';
import { BackgroundRuns, LeaseLost } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';
import { ExportWalk } from './export-walk.js';
import { type ClaimedImport, ImportClaims } from './import-claims.js';
import { contactsDone } from './import-view.js';
import { type Cursor, PagesAhead } from './pages-ahead.js';
import { WrittenAhead } from './written-ahead.js';

const EVERY_MS = 1_000;
/** Imports one process runs at a time; each holds two database connections for most of its run, and a pool has ten. */
export const IMPORTS_AT_ONCE = 2;
/** One page is one transaction. */
export const CONTACTS_PER_PAGE = FOUND_AT_ONCE;
/** Until a connection that is not well is looked at again. */
const UNWELL_DELAY_MS = 60_000;
const MAX_NAME_LENGTH = 200;

type Kind = keyof Omit<ImportCounts, 'failed' | 'queued' | 'conflicts'>;

/** What an outcome counts as. What is known to be later already is as good as unchanged. */
const KINDS: Readonly<Record<InboundResult['outcome'], Kind>> = {
  created: 'created',
  applied: 'updated',
  unchanged: 'unchanged',
  stale: 'unchanged',
  ignored: 'skipped',
};

/** An import that can go on. */
interface Errand {
  readonly order: ContactImport;
  readonly hook: Hook;
  readonly api: HighLevelApi;
  /** Reads contacts before they are applied, while PostgreSQL is busy with those before them. */
  readonly read: Awaited<ReturnType<FoundContacts['reader']>>;
}

/** A page that was read. */
interface ReadPage extends FoundPage {
  readonly total: number | undefined;
  /** Where the next one begins, if there is one. */
  readonly next: Cursor | undefined;
}

/** How far it has come. */
interface Progress {
  readonly counts: Partial<ImportCounts>;
  /** PostgreSQL's time when it was last heard of. */
  readonly now: Date;
}

/**
 * Walks through a location's contacts, oldest first, a page at a time. A page's contacts, its counts and the place where
 * the next one begins are committed together: a worker that dies leaves its import where it was.
 */
@Injectable()
export class ImportRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ImportRunner.name);
  private readonly runs = new BackgroundRuns(IMPORTS_AT_ONCE);

  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly clients: HighLevelClients,
    private readonly claims: ImportClaims,
    private readonly found: FoundContacts,
    private readonly exportWalk: ExportWalk,
  ) {}

  @Interval(EVERY_MS)
  async runOnSchedule(): Promise<void> {
    try {
      await this.runs.fill(async () => {
        const claimed = await this.claims.claim();
        return claimed && ((): Promise<void> => this.run(claimed));
      });
    } catch (error) {
      this.logger.warn({ msg: 'Could not look for imports', reason: sentenceOf(error) });
    }
  }

  /** A page whose turn it is to be committed is; those after it are undone. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.runs.stop();
  }

  private async run(claimed: ClaimedImport): Promise<void> {
    try {
      const begun = await this.begin(claimed);
      if (!begun) return;
      const { order, hook } = begun;
      if (order.phase === 'in') await this.walk(claimed, begun);
      if (order.direction !== 'in')
        while (!this.runs.isStopping && (await this.exportWalk.next(claimed, hook)));
      if (this.runs.isStopping) await this.claims.postpone(claimed, 0, null);
    } catch (error) {
      await this.record(claimed, error).catch((another: unknown) =>
        // Its lease runs out, and the next worker takes it.
        this.logger.warn({
          msg: 'Could not put an import off',
          importId: claimed.id,
          reason: sentenceOf(another),
        }),
      );
    }
  }

  /** @returns undefined when it cannot go on now */
  private async begin(claimed: ClaimedImport): Promise<Errand | undefined> {
    const order = await this.database.manager.findOneByOrFail(ContactImport, { id: claimed.id });
    const hook = await this.hooks.findById(order.hookId);
    if (!hook) {
      await this.claims.fail(claimed, 'disconnected');
      return undefined;
    }
    if (hook.status !== HookStatus.enabled) {
      await this.claims.postpone(claimed, UNWELL_DELAY_MS, 'not_connected');
      return undefined;
    }
    return { order, hook, api: this.clients.forHook(hook, 'bulk'), read: await this.found.reader(hook) };
  }

  /** Ends also where somebody else decides about the import now. */
  private async walk(claimed: ClaimedImport, errand: Errand): Promise<void> {
    const { order, hook } = errand;
    let progress: Progress = { counts: order.counts, now: claimed.at };
    const pages = new PagesAhead((cursor) => fetchPage(errand, cursor, progress), order.cursor);
    const written = new WrittenAhead(this.found, hook, pages, new PageConnections(this.database));
    try {
      while (!this.runs.isStopping) {
        const startedAt = performance.now();
        const before = progress;
        const page = await written.take();
        if (!page) {
          await this.finish(order, progress);
          break;
        }
        progress = await this.found.commit(page, order.dryRun, (manager, outcome) =>
          this.advance(manager, claimed, order, before, page.page, outcome, startedAt),
        );
      }
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
    } finally {
      await written.close();
    }
  }

  private async finish({ dryRun }: ContactImport, { counts }: Progress): Promise<void> {
    if (counts.created && !dryRun) await this.found.haveGrown();
  }

  /** @throws LeaseLost; then the page is undone */
  private async advance(
    manager: EntityManager,
    claimed: ClaimedImport,
    order: ContactImport,
    before: Progress,
    { total, next = null }: ReadPage,
    outcome: FoundOutcome,
    startedAt: number,
  ): Promise<Progress> {
    await keepRefused(manager, order.id, outcome.refused);
    const counts = added(before.counts, countsOf(outcome));
    const isFirst = contactsDone(before.counts) === 0;
    const now = await this.claims.advance(manager, claimed, {
      total: next === null ? contactsDone(counts) : isFirst ? total : undefined,
      counts,
      phase: next === null && order.direction === 'both' ? 'out' : 'in',
      next,
      isLast: next === null && order.direction === 'in',
      elapsedMs: performance.now() - startedAt,
    });
    return { counts, now };
  }

  /** The one place that turns a failure into a state. */
  private async record(claimed: ClaimedImport, error: unknown): Promise<void> {
    const { attempts } = await this.database.manager.findOneByOrFail(ContactImport, { id: claimed.id });
    const reaction = reactToFailedCall(error, attempts);
    const facts = { importId: claimed.id, attempts, reason: sentenceOf(error) };
    if (reaction.kind === 'nothing') return;
    if (reaction.kind === 'retry') {
      this.logger.warn({ msg: 'An import waits', ...facts, delayMs: reaction.delayMs });
      return this.claims.postpone(claimed, reaction.delayMs, 'waiting_for_highlevel');
    }
    this.logger.error({ msg: 'An import failed for good', ...facts });
    return this.claims.fail(claimed, reaction.reason);
  }
}

/** By the date of creation, which no change moves: who is walked past stays behind. */
async function fetchPage(
  { order: { selection }, api, read }: Errand,
  cursor: Cursor,
  { counts: { created = 0, updated = 0, unchanged = 0 }, now }: Progress,
): Promise<ReadPage> {
  const filters = filtersFor(selection);
  const page = await api.contacts.search({
    pageLimit: CONTACTS_PER_PAGE,
    sort: [{ field: 'dateAdded', direction: 'asc' }],
    ...(filters.length > 0 && { filters }),
    ...(cursor && { searchAfter: cursor }),
  });
  const areNew = created > updated + unchanged; // as those before were
  return { ...page, read: await read(page.contacts, areNew), asOf: now, next: cursorAfter(page.contacts) };
}

function filtersFor(selection: ImportSelection): ContactFilter[] {
  switch (selection.kind) {
    case 'all':
      return [];
    case 'tag':
      return [{ field: 'tags', operator: 'eq', value: selection.tag }];
    case 'since':
      return [{ field: 'dateUpdated', operator: 'range', value: { gte: selection.since } }];
  }
}

/** A page that is not full is the last one; so is one that does not say where to go on. */
function cursorAfter(contacts: readonly HighLevelContact[]): readonly unknown[] | undefined {
  return contacts.length < CONTACTS_PER_PAGE ? undefined : contacts.at(-1)?.searchAfter;
}

function countsOf({ results, refused, conflicts }: FoundOutcome): ImportCounts {
  const count = (kind: Kind): number => results.filter(({ outcome }) => KINDS[outcome] === kind).length;
  return {
    created: count('created'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    skipped: count('skipped'),
    failed: refused.length,
    queued: 0,
    conflicts,
  };
}

function added(before: Partial<ImportCounts>, page: ImportCounts): Partial<ImportCounts> {
  const sums = Object.entries(page).map(([kind, count]) => [
    kind,
    (before[kind as keyof ImportCounts] ?? 0) + Number(count),
  ]);
  return Object.fromEntries(sums) as Partial<ImportCounts>;
}

async function keepRefused(
  manager: EntityManager,
  importId: number,
  refused: readonly Refused[],
): Promise<void> {
  if (refused.length === 0) return;
  await manager.query(
    `insert into ghl.import_failures (import_id, ghl_contact_id, name, reason)
     select $1, f.* from unnest($2::text[], $3::text[], $4::text[]) as f`,
    [
      importId,
      refused.map(({ contact }) => contact.id),
      refused.map(({ contact }) => nameOf(contact)),
      refused.map(({ reason }) => reason),
    ],
  );
}

function nameOf({ name, firstName, lastName }: HighLevelContact): string | null {
  const whole = name ?? [firstName, lastName].filter((part) => part !== undefined).join(' ');
  return whole.replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD').slice(0, MAX_NAME_LENGTH) || null;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
