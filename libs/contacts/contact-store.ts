import { Injectable } from '@nestjs/common';
import { Contact, type PreparedStatement, runStatement } from '#libs/database';
import { type EntityManager, In, QueryFailedError } from 'typeorm';
import { type ContactChanges, type ContactColumns, contactColumns, differs } from './contact-columns.js';
import { ARRAYS, arraysOf, COLUMNS, columnsFrom, type ContactRow, parameter, rowOf } from './contact-rows.js';
import { normaliseEmail } from './contact-identity.js';
import { ContactTaken } from './contact-taken.js';
import { SearchIndex } from './search-index.js';

/** What DeskFlow allows one contact of an account to have. */
export interface Identity {
  email?: string | null;
  phoneNumber?: string | null;
}

export interface IdentityHolders {
  byEmail: Contact | undefined;
  byPhone: Contact | undefined;
}

/** First key of the advisory locks on e-mails and phone numbers: "ghl" and a number, as in pg_locks. */
const IDENTITY_LOCK = 0x67686c10;

const UNIQUE_VIOLATION = '23505';
/** Of an e-mail or phone number; more are no help to whoever has to choose. */
const MOST_HOLDERS = 10;

/** `count`: a row for each lock would be sent only to be thrown away. */
const LOCK_IDENTITIES: PreparedStatement = {
  name: 'lock_identities',
  text: `
    select count(pg_advisory_xact_lock($1, lock_key))
      from (select distinct hashtext(key) as lock_key from unnest($2::text[]) as key order by 1 offset 0) as keys`,
};

/**
 * Tells the place and the id of each that was inserted, all in one row; null where none was.
 * @param isFree what holds of those that may be
 */
const inserting = (isFree: string): string => `
    with draft as materialized (
      select nextval('contacts_id_seq')::int as new_id, d.*
        from unnest(${ARRAYS}) with ordinality as d (${COLUMNS}, position)
       where ${isFree}
    ), inserted as (
      insert into contacts (id, account_id, ${COLUMNS}, created_at, updated_at)
      select new_id, ${parameter(1)}, ${COLUMNS}, ${parameter(2)}, ${parameter(2)} from draft order by position
      on conflict do nothing returning id
    )
    select array_agg(array[draft.position::int - 1, draft.new_id]) as inserted
      from inserted join draft on draft.new_id = inserted.id`;

const INSERT: PreparedStatement = { name: 'insert_contacts', text: inserting('true') };

/**
 * `offset 0`: each is looked up by itself. `+ 0`: a planner without statistics would else look up all of the account for
 * each of them.
 */
const nobodyHas = (isSame: string): string =>
  `not exists (select from contacts c where ${isSame} and c.account_id + 0 = ${parameter(1)} offset 0)`;

const INSERT_FREE = inserting(
  `${nobodyHas('lower(c.email) = d.email')} and ${nobodyHas('c.phone_number = d.phone_number')}`,
);

const UPDATE = `
    update contacts set (${COLUMNS}, updated_at) = row(${columnsFrom('written')}, ${parameter(3)}::timestamp)
      from unnest(${ARRAYS}, ${parameter(1)}::int[]) as written (${COLUMNS}, id)
     where contacts.id = written.id and contacts.account_id = ${parameter(2)}`;

/**
 * DeskFlow's contacts, read and written as Rails would: normalised, mirrored, dated (DM 1, DM 2).
 * Everything runs in the caller's transaction and inside one account.
 */
@Injectable()
export class ContactStore {
  constructor(private readonly searchIndex: SearchIndex) {}

  async find(manager: EntityManager, accountId: number, id: number): Promise<Contact | undefined> {
    return (await manager.findOneBy(Contact, { id, accountId })) ?? undefined;
  }

  /** Those that do not exist are left out. */
  async findAll(manager: EntityManager, accountId: number, ids: readonly number[]): Promise<Contact[]> {
    return manager.findBy(Contact, { id: In(ids), accountId });
  }

  /** Locks the row, so that what `update` computes from it still holds when it writes. */
  async findForUpdate(manager: EntityManager, accountId: number, id: number): Promise<Contact | undefined> {
    const [found] = await this.findAllForUpdate(manager, accountId, [id]);
    return found;
  }

  /** As `findForUpdate`; those that do not exist are left out. */
  async findAllForUpdate(
    manager: EntityManager,
    accountId: number,
    ids: readonly number[],
  ): Promise<Contact[]> {
    // In one order for all, so that two transactions with the same contacts do not block each other.
    return manager.find(Contact, {
      where: { id: In(ids), accountId },
      order: { id: 'asc' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** The oldest one with this e-mail, whatever its case. */
  async findByEmail(manager: EntityManager, accountId: number, email: string): Promise<Contact | undefined> {
    return (await this.withEmail(manager, accountId, email))[0];
  }

  async findByIdentifier(
    manager: EntityManager,
    accountId: number,
    identifier: string,
  ): Promise<Contact | undefined> {
    return (await manager.findOneBy(Contact, { identifier, accountId })) ?? undefined;
  }

  /** The oldest of those whom `allHolders` finds. */
  async holders(manager: EntityManager, accountId: number, identity: Identity): Promise<IdentityHolders> {
    const { byEmail, byPhone } = await this.allHolders(manager, accountId, identity);
    return { byEmail: byEmail[0], byPhone: byPhone[0] };
  }

  /**
   * Who has this e-mail, whatever its case, and who this phone number, the oldest first: the database keeps neither
   * unique (DM 1). Until the transaction ends nobody else who asks gets an answer for the same values, so two writers
   * cannot both find them free.
   */
  async allHolders(
    manager: EntityManager,
    accountId: number,
    identity: Identity,
  ): Promise<Record<keyof IdentityHolders, Contact[]>> {
    const { email, phoneNumber } = identity;
    await this.lock(manager, accountId, [identity]);
    return {
      byEmail: email ? await this.withEmail(manager, accountId, email) : [],
      byPhone: phoneNumber
        ? await manager.find(Contact, {
            where: { phoneNumber, accountId },
            order: { id: 'asc' },
            take: MOST_HOLDERS,
          })
        : [],
    };
  }

  /** Until the transaction ends nobody else who asks for a holder of these values gets an answer, as in `holders`. */
  async lock(manager: EntityManager, accountId: number, identities: readonly Identity[]): Promise<void> {
    // In one order for all, so that two transactions with the same values do not block each other.
    const keys: string[] = [];
    for (const { email, phoneNumber } of identities) {
      if (email) keys.push(`${accountId}:email:${email}`);
      if (phoneNumber) keys.push(`${accountId}:phone:${phoneNumber}`);
    }
    await runStatement(manager, LOCK_IDENTITIES, [IDENTITY_LOCK, keys]);
  }

  /**
   * Inserts those of the contacts whose e-mail and phone number nobody has, in one statement. These values must be locked
   * (`lock`), and no two of the contacts may share one.
   * @returns the id of each, by its place; none where somebody has its e-mail, phone number or identifier
   */
  async insertFree(
    manager: EntityManager,
    accountId: number,
    contacts: readonly ContactRow[],
  ): Promise<ReadonlyMap<number, number>> {
    return this.insertAll(manager, accountId, INSERT_FREE, contacts, new Date());
  }

  /**
   * Writes contacts in one statement: those that differ by what is changed, and only of those moves `updated_at`.
   * @param updates each contact once, as `findAllForUpdate` gave it
   * @returns the ids of those that were different
   * @throws ContactTaken as `insert`; none is written then, and the transaction goes on
   */
  async updateAll(
    manager: EntityManager,
    accountId: number,
    updates: readonly { readonly current: Contact; readonly changes: ContactChanges }[],
  ): Promise<ReadonlySet<number>> {
    const different = updates.flatMap(({ current, changes }) => {
      // What somebody else has left out of step in a contact is his: it is set right with the next change.
      if (Object.keys(changes).length === 0) return [];
      const columns = contactColumns(changes, current);
      return differs(columns, current) ? { id: current.id, columns } : [];
    });
    if (different.length > 0) await this.write(manager, accountId, different, new Date());
    return new Set(different.map(({ id }) => id));
  }

  /**
   * @throws ContactTaken when e-mail or identifier belong to another contact. The transaction goes on; after `holders`
   * only DeskFlow's own code can have been faster: look up again.
   */
  async insert(manager: EntityManager, accountId: number, draft: ContactChanges): Promise<Contact> {
    const columns = contactColumns(draft);
    const now = new Date();
    const id = (await this.insertAll(manager, accountId, INSERT, [rowOf(columns)], now)).get(0);
    if (id !== undefined)
      return Object.assign(new Contact(), NEW, columns, { id, accountId, createdAt: now, updatedAt: now });
    const holder = columns.email && (await this.findByEmail(manager, accountId, columns.email));
    throw new ContactTaken(holder ? 'email' : 'identifier');
  }

  /**
   * Writes when something is different, and only then moves `updated_at`.
   * @param current the row as `findForUpdate` gave it
   * @returns the contact afterwards: `current` itself when there was nothing to write
   * @throws ContactTaken as `insert`
   */
  async update(manager: EntityManager, current: Contact, changes: ContactChanges): Promise<Contact> {
    const columns = contactColumns(changes, current);
    if (!differs(columns, current)) return current;
    const now = new Date();
    await this.write(manager, current.accountId, [{ id: current.id, columns }], now);
    return Object.assign(new Contact(), current, columns, { updatedAt: now });
  }

  /** Marks a contact that is gone in HighLevel; it and its conversations stay. */
  async archive(manager: EntityManager, contact: Contact, at: Date): Promise<Contact> {
    const customAttributes = {
      ...contact.customAttributes,
      ghl_deleted: true,
      ghl_deleted_at: at.toISOString(),
    };
    return this.update(manager, contact, { customAttributes });
  }

  /** Takes the mark of `archive` away. */
  async restore(manager: EntityManager, contact: Contact): Promise<Contact> {
    const customAttributes: Record<string, unknown> = { ...contact.customAttributes };
    delete customAttributes['ghl_deleted'];
    delete customAttributes['ghl_deleted_at'];
    return this.update(manager, contact, { customAttributes });
  }

  /** Deletes the contact and what belongs to it, as Rails' `destroy` does. */
  async remove(manager: EntityManager, accountId: number, id: number): Promise<boolean> {
    const [deleted] = await manager.query<[unknown[], number]>(
      'delete from contacts where id = $1 and account_id = $2 returning id',
      [id, accountId],
    );
    if (deleted.length === 0) return false;
    for (const statement of DEPENDENTS) await manager.query(statement, [id, accountId]);
    return true;
  }

  /** @returns the ids of those that were inserted, by their places */
  private async insertAll(
    manager: EntityManager,
    accountId: number,
    statement: string | PreparedStatement,
    drafts: readonly ContactRow[],
    now: Date,
  ): Promise<ReadonlyMap<number, number>> {
    const values = [...arraysOf(drafts), accountId, now];
    type Row = { readonly inserted: readonly [place: number, id: number][] | null };
    const { rows } = await runStatement<Row>(manager, statement, values);
    const ids = new Map(rows[0]?.inserted);
    this.searchIndex.written(ids.size);
    return ids;
  }

  /** @throws ContactTaken */
  private async write(
    manager: EntityManager,
    accountId: number,
    rows: readonly { readonly id: number; readonly columns: ContactColumns }[],
    now: Date,
  ): Promise<void> {
    const values = [
      ...arraysOf(rows.map(({ columns }) => rowOf(columns))),
      rows.map(({ id }) => id),
      accountId,
      now,
    ];
    try {
      // A savepoint: a unique violation must not take the caller's transaction with it.
      await manager.transaction((nested) => runStatement(nested, UPDATE, values));
    } catch (error) {
      throw takenFrom(error) ?? error;
    }
    this.searchIndex.written(rows.length);
  }

  /** Ignores case, also that of rows which somebody stored in upper case. */
  private withEmail(manager: EntityManager, accountId: number, email: string): Promise<Contact[]> {
    return manager
      .createQueryBuilder(Contact, 'contact')
      .where('lower(contact.email) = :email and contact.accountId = :accountId', {
        email: normaliseEmail(email),
        accountId,
      })
      .orderBy('contact.id')
      .limit(MOST_HOLDERS)
      .getMany();
  }
}

/** What the table fills in. */
const NEW = { middleName: '', lastName: '', lastActivityAt: null };

const DEPENDENTS = [
  `delete from messages using conversations c
    where messages.conversation_id = c.id and c.contact_id = $1 and c.account_id = $2`,
  'delete from conversations where contact_id = $1 and account_id = $2',
  `delete from contact_inboxes using inboxes i
    where contact_inboxes.inbox_id = i.id and contact_inboxes.contact_id = $1 and i.account_id = $2`,
  `with gone as (delete from taggings where taggable_type = 'Contact' and taggable_id = $1 and $2 > 0 returning tag_id)
   update tags set taggings_count = greatest(taggings_count - 1, 0) where id in (select tag_id from gone)`,
] as const;

function takenFrom(error: unknown): ContactTaken | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  if (code !== UNIQUE_VIOLATION) return undefined;
  return new ContactTaken(constraint === 'uniq_email_per_account_contact' ? 'email' : 'identifier');
}
