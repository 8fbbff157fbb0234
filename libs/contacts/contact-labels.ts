import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { labelTitle } from './label-title.js';

export interface LabelChanges {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Labels of contacts: `tags` and `taggings` with context `labels`, and a `labels` row each, by which an agent can choose it. */
@Injectable()
export class ContactLabels {
  /** In alphabetical order. */
  async of(manager: EntityManager, contactId: number): Promise<string[]> {
    const rows = await manager.query<{ name: string }[]>(
      `select t.name from taggings g join tags t on t.id = g.tag_id
        where g.taggable_type = 'Contact' and g.context = 'labels' and g.taggable_id = $1 order by t.name`,
      [contactId],
    );
    return rows.map(({ name }) => name);
  }

  /**
   * Adds and removes; other labels stay. Texts that Rails would not take as a title become one (`labelTitle`).
   * The contact's row must be locked: `taggings` has no unique index that holds where `tagger_id` is null.
   */
  async change(
    manager: EntityManager,
    accountId: number,
    contactId: number,
    changes: LabelChanges,
  ): Promise<void> {
    const add = [...new Set(changes.add.map(labelTitle))];
    if (add.length > 0) {
      await insertTags(manager, add);
      await count(manager, await insertTaggings(manager, contactId, add), 1);
      await insertLabels(manager, accountId, add);
    }
    if (changes.remove.length > 0) {
      await count(manager, await deleteTaggings(manager, contactId, changes.remove), -1);
    }
  }

  /** Makes `titles` the labels of the contact. */
  async set(
    manager: EntityManager,
    accountId: number,
    contactId: number,
    titles: readonly string[],
  ): Promise<string[]> {
    const wanted = new Set(titles.map(labelTitle));
    const current = await this.of(manager, contactId);
    await this.change(manager, accountId, contactId, {
      add: [...wanted].filter((title) => !current.includes(title)),
      remove: current.filter((title) => !wanted.has(title)),
    });
    return [...wanted].sort();
  }
}

/** `order by`: transactions that make the same tags meet their rows in the same order. */
async function insertTags(manager: EntityManager, names: readonly string[]): Promise<void> {
  await manager.query(
    `insert into tags (name, taggings_count) select name, 0 from unnest($1::text[]) as name order by name
     on conflict (name) do nothing`,
    [names],
  );
}

async function insertTaggings(
  manager: EntityManager,
  contactId: number,
  names: readonly string[],
): Promise<number[]> {
  const rows = await manager.query<{ tag_id: number }[]>(
    `insert into taggings (tag_id, taggable_type, taggable_id, context, created_at)
     select t.id, 'Contact', $1, 'labels', now() at time zone 'UTC' from tags t
      where t.name = any($2::text[])
        and not exists (select from taggings g where g.tag_id = t.id and g.taggable_id = $1
                           and g.taggable_type = 'Contact' and g.context = 'labels')
     returning tag_id`,
    [contactId, names],
  );
  return rows.map(({ tag_id }) => tag_id);
}

async function deleteTaggings(
  manager: EntityManager,
  contactId: number,
  names: readonly string[],
): Promise<number[]> {
  const [rows] = await manager.query<[{ tag_id: number }[], number]>(
    `delete from taggings g using tags t
      where t.id = g.tag_id and t.name = any($2::text[]) and g.taggable_id = $1 and g.taggable_type = 'Contact'
        and g.context = 'labels'
     returning g.tag_id`,
    [contactId, names],
  );
  return rows.map(({ tag_id }) => tag_id);
}

async function insertLabels(
  manager: EntityManager,
  accountId: number,
  titles: readonly string[],
): Promise<void> {
  await manager.query(
    `insert into labels (title, account_id, show_on_sidebar, created_at, updated_at)
     select title, $1, false, now() at time zone 'UTC', now() at time zone 'UTC'
       from unnest($2::text[]) as title order by title
     on conflict (title, account_id) do nothing`,
    [accountId, titles],
  );
}

/** The rows are locked by id first: two contacts that change the same tags must not block each other for good. */
async function count(manager: EntityManager, tagIds: readonly number[], by: 1 | -1): Promise<void> {
  if (tagIds.length === 0) return;
  await manager.query(
    `update tags set taggings_count = greatest(coalesce(taggings_count, 0) + $2, 0)
       from (select id from tags where id = any($1::int[]) order by id for update) as locked
      where tags.id = locked.id`,
    [tagIds, by],
  );
}
