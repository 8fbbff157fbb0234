import { Injectable } from '@nestjs/common';
import { labelTitle } from '#libs/contacts';
import { type ContactImport, type Hook, type ImportSelection } from '#libs/database';
import { LeaseLost } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';
import { type ClaimedImport, ImportClaims } from './import-claims.js';
import { contactsDone } from './import-view.js';

const CONTACTS_PER_PAGE = 500;
/** Rows of a hook that may wait in the outbox; what people change meanwhile must not wait behind thousands. */
const MOST_OPEN_ROWS = 1_000;
const REST_MS = 2_000;

/**
 * The way out: contacts of DeskFlow that a location does not have are handed to the outbox, by their ids, a page at a
 * time. The outbox pushes them as it pushes every change.
 */
@Injectable()
export class ExportWalk {
  constructor(
    private readonly database: DataSource,
    private readonly claims: ImportClaims,
  ) {}

  /** One page. @returns whether there may be another, now */
  async next(claimed: ClaimedImport, hook: Hook): Promise<boolean> {
    const startedAt = performance.now();
    try {
      return await this.database.transaction(async (manager) => {
        const order = await this.claims.read(manager, claimed);
        const { counts, dryRun } = order;
        if (!dryRun && (await isFull(manager, hook.id))) {
          await this.claims.rest(manager, claimed, REST_MS, 'waiting_for_pushes');
          return false;
        }
        const total =
          order.cursor === null ? contactsDone(counts) + (await countOf(manager, order)) : undefined;
        const page = dryRun
          ? { queued: (total ?? 0) - contactsDone(counts), lastId: null }
          : await queuePage(manager, order);
        const isLast = page.lastId === null || page.queued < CONTACTS_PER_PAGE;
        await this.claims.advance(manager, claimed, {
          total,
          counts: { ...counts, queued: (counts.queued ?? 0) + page.queued },
          phase: 'out',
          next: isLast ? null : [page.lastId],
          isLast,
          elapsedMs: performance.now() - startedAt,
        });
        return !isLast;
      });
    } catch (error) {
      if (error instanceof LeaseLost) return false;
      throw error;
    }
  }
}

async function isFull(manager: EntityManager, hookId: number): Promise<boolean> {
  const [row] = await manager.query<[{ open: number }]>(
    `select count(*) as open from (
       select from ghl.outbox where hook_id = $1 and state in ('pending', 'failed') limit $2) waiting`,
    [hookId, MOST_OPEN_ROWS],
  );
  return row.open >= MOST_OPEN_ROWS;
}

async function countOf(manager: EntityManager, order: ContactImport): Promise<number> {
  const { text, values } = strangers(order);
  const [row] = await manager.query<[{ count: number }]>(
    `select count(*) as count from (${text}) strangers`,
    values,
  );
  return row.count;
}

async function queuePage(
  manager: EntityManager,
  order: ContactImport,
): Promise<{ queued: number; lastId: number | null }> {
  const { text, values } = strangers(order);
  const [row] = await manager.query<[{ queued: number; lastId: number | null }]>(
    `with page as (${text} order by c.id limit $5), queued as (
       insert into ghl.outbox (account_id, hook_id, contact_id, operation)
       select $1::bigint, $6, id, 'push' from page order by id
       on conflict (hook_id, contact_id, operation) where state = 'pending' do nothing)
     select count(*) as queued, max(id) as "lastId" from page`,
    [...values, CONTACTS_PER_PAGE, order.hookId],
  );
  return row;
}

/** Contacts that the location does not have and HighLevel could recognise again, after the cursor. */
function strangers({ accountId, locationId, cursor, selection }: ContactImport): {
  text: string;
  values: unknown[];
} {
  return {
    text: `select c.id from public.contacts c
            where c.account_id = $1::bigint and c.id > $3::bigint
              and coalesce(nullif(c.email, ''), nullif(c.phone_number, '')) is not null
              and not exists (select from ghl.contact_links l
                               where l.account_id = $1::bigint and l.location_id = $2 and l.contact_id = c.id)
              and ${CONDITIONS[selection.kind]}`,
    values: [accountId, locationId, cursor?.[0] ?? 0, parameterOf(selection)],
  };
}

/** DeskFlow's times are naive UTC (DM 0.10). */
const CONDITIONS = {
  all: '$4::text is null',
  tag: `exists (select from public.taggings g join public.tags t on t.id = g.tag_id
                 where g.taggable_type = 'Contact' and g.taggable_id = c.id and g.context = 'labels' and t.name = $4::text)`,
  since: `c.updated_at >= $4::timestamptz at time zone 'UTC'`,
} as const satisfies Record<ImportSelection['kind'], string>;

function parameterOf(selection: ImportSelection): string | null {
  switch (selection.kind) {
    case 'all':
      return null;
    case 'tag':
      return labelTitle(selection.tag);
    case 'since':
      return selection.since;
  }
}
