import { Injectable } from '@nestjs/common';
import { type StatementResult, runStatement } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { labelTitle } from './label-title.js';

export interface LabelChanges {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

interface Tagging {
  readonly contactId: number;
  readonly name: string;
}

/** `order by`: transactions that make the same tags meet their rows in the same order. */
const INSERT_TAGS = `
    insert into tags (name, taggings_count) select name, 0 from unnest($1::text[]) as name order by name
    on conflict (name) do nothing`;

/**
 * Counts the taggings that `changed` has added or removed. The rows are locked by id first: two transactions that change
 * the same tags must not block each other for good.
 */
const count = (changed: string, sign: '+' | '-'): string => `
    sums as (select tag_id, count(*) as taggings from ${changed} group by tag_id),
    locked as (select id from tags where id in (select tag_id from sums) order by id for update),
    counted as (
      update tags set taggings_count = greatest(coalesce(taggings_count, 0) ${sign} sums.taggings, 0)
        from sums join locked on locked.id = sums.tag_id
       where tags.id = sums.tag_id)`;

/**
 * To the tags that there are; tells how many of the names those are.
 * @param isMissing what holds of a tagging that is not there yet
 */
const adding = (isMissing: string): string => `
    with added as (
      insert into taggings (tag_id, taggable_type, taggable_id, context, created_at)
      select t.id, 'Contact', added.contact_id, 'labels', now() at time zone 'UTC'
        from unnest($1::int[], $2::text[]) as added (contact_id, name) join tags t on t.name = added.name
       where ${isMissing}
      returning tag_id
    ), titled as (
      insert into labels (title, account_id, show_on_sidebar, created_at, updated_at)
      select title, $3, false, now() at time zone 'UTC', now() at time zone 'UTC'
        from unnest($4::text[]) as title order by title
      on conflict (title, account_id) do nothing
    ), ${count('added', '+')}
    select count(*) as known from tags where name = any($4::text[])`;

/** `offset 0`: each tagging is looked up by itself, and not all that there are read to find those of a few contacts. */
const ADD =
  adding(`not exists (select from taggings g where g.tag_id = t.id and g.taggable_id = added.contact_id
                                   and g.taggable_type = 'Contact' and g.context = 'labels' offset 0)`);

/** Nobody else sees these contacts yet. */
const ADD_TO_NEW = adding('true');

const REMOVE = `
    with removed as (
      delete from taggings g using tags t, unnest($1::int[], $2::text[]) as removed (contact_id, name)
       where t.name = removed.name and g.tag_id = t.id and g.taggable_id = removed.contact_id
         and g.taggable_type = 'Contact' and g.context = 'labels'
      returning g.tag_id
    ), ${count('removed', '-')}
    select`;

/** Labels of contacts: `tags` and `taggings` with context `labels`, and a `labels` row each, by which an agent can choose it. */
@Injectable()
export class ContactLabels {
  /** In alphabetical order. */
  async of(manager: EntityManager, contactId: number): Promise<string[]> {
    return (await this.ofAll(manager, [contactId])).get(contactId) ?? [];
  }

  /** As `of`, by contact; those without labels are left out. */
  async ofAll(manager: EntityManager, contactIds: readonly number[]): Promise<ReadonlyMap<number, string[]>> {
    const rows = await manager.query<{ contactId: number; names: string[] }[]>(
      `select g.taggable_id as "contactId", array_agg(t.name order by t.name) as names
         from taggings g join tags t on t.id = g.tag_id
        where g.taggable_type = 'Contact' and g.context = 'labels' and g.taggable_id = any($1::int[])
        group by g.taggable_id`,
      [contactIds],
    );
    return new Map(rows.map(({ contactId, names }) => [contactId, names]));
  }

  /**
   * Adds and removes; other labels stay. Texts that Rails would not take as a title become one (`labelTitle`).
   * The contacts' rows must be locked: `taggings` has no unique index that holds where `tagger_id` is null.
   */
  async change(
    manager: EntityManager,
    accountId: number,
    contactId: number,
    changes: LabelChanges,
  ): Promise<void> {
    await this.changeAll(manager, accountId, new Map([[contactId, changes]]));
  }

  /**
   * As `change`, by contact.
   * @param areNew this transaction has made the contacts, and given them no labels yet
   */
  async changeAll(
    manager: EntityManager,
    accountId: number,
    changes: ReadonlyMap<number, LabelChanges>,
    { areNew = false }: { areNew?: boolean } = {},
  ): Promise<void> {
    const added: Tagging[] = [];
    const removed: Tagging[] = [];
    for (const [contactId, { add, remove }] of changes) {
      for (const name of new Set(add.map(labelTitle))) added.push({ contactId, name });
      for (const name of remove) removed.push({ contactId, name });
    }
    if (added.length > 0) {
      const names = [...new Set(added.map(({ name }) => name))];
      const add = (statement: string): Promise<StatementResult<{ known: number }>> =>
        runStatement(manager, statement, [...columnsOf(added), accountId, names]);
      const { rows } = await add(areNew ? ADD_TO_NEW : ADD);
      // Nearly always all of them are: trying to insert those that are there would use up their ids.
      if (rows[0]?.known !== names.length)
        await Promise.all([runStatement(manager, INSERT_TAGS, [names]), add(ADD)]);
    }
    if (removed.length > 0) await runStatement(manager, REMOVE, columnsOf(removed));
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

function columnsOf(taggings: readonly Tagging[]): [number[], string[]] {
  return [taggings.map(({ contactId }) => contactId), taggings.map(({ name }) => name)];
}
