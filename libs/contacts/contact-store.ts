import { Injectable } from '@nestjs/common';
import { Contact } from '#libs/database';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { type ContactChanges, type ContactColumns, contactColumns, differs } from './contact-columns.js';
import { normaliseEmail } from './contact-identity.js';
import { ContactTaken } from './contact-taken.js';
import { type JsonRecord } from './json.js';

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

/**
 * DeskFlow's contacts, read and written as Rails would: normalised, mirrored, dated (DM 1, DM 2).
 * Everything runs in the caller's transaction and inside one account.
 */
@Injectable()
export class ContactStore {
  async find(manager: EntityManager, accountId: number, id: number): Promise<Contact | undefined> {
    return (await manager.findOneBy(Contact, { id, accountId })) ?? undefined;
  }

  /** Locks the row, so that what `update` computes from it still holds when it writes. */
  async findForUpdate(manager: EntityManager, accountId: number, id: number): Promise<Contact | undefined> {
    const found = await manager.findOne(Contact, {
      where: { id, accountId },
      lock: { mode: 'pessimistic_write' },
    });
    return found ?? undefined;
  }

  /** Ignores case, also that of rows which somebody stored in upper case. */
  async findByEmail(manager: EntityManager, accountId: number, email: string): Promise<Contact | undefined> {
    const [contact] = await manager
      .createQueryBuilder(Contact, 'contact')
      .where('lower(contact.email) = :email and contact.accountId = :accountId', {
        email: normaliseEmail(email),
        accountId,
      })
      .orderBy('contact.id')
      .limit(1)
      .getMany();
    return contact;
  }

  /** The oldest one: the database does not keep phone numbers unique (DM 1). */
  async findByPhone(
    manager: EntityManager,
    accountId: number,
    phoneNumber: string,
  ): Promise<Contact | undefined> {
    const [contact] = await manager.find(Contact, {
      where: { phoneNumber, accountId },
      order: { id: 'asc' },
      take: 1,
    });
    return contact;
  }

  async findByIdentifier(
    manager: EntityManager,
    accountId: number,
    identifier: string,
  ): Promise<Contact | undefined> {
    return (await manager.findOneBy(Contact, { identifier, accountId })) ?? undefined;
  }

  /**
   * Who has this e-mail and phone number. Until the transaction ends nobody else who asks gets an answer for the same
   * values, so two writers cannot both find them free.
   */
  async holders(manager: EntityManager, accountId: number, identity: Identity): Promise<IdentityHolders> {
    const { email, phoneNumber } = identity;
    const keys = [email && `${accountId}:email:${email}`, phoneNumber && `${accountId}:phone:${phoneNumber}`];
    // In one order for all, so that two transactions with the same two values do not block each other.
    await manager.query(
      `select pg_advisory_xact_lock($1, lock_key)
         from (select distinct hashtext(key) as lock_key from unnest($2::text[]) as key order by 1 offset 0) as keys`,
      [IDENTITY_LOCK, keys.filter(Boolean)],
    );
    return {
      byEmail: email ? await this.findByEmail(manager, accountId, email) : undefined,
      byPhone: phoneNumber ? await this.findByPhone(manager, accountId, phoneNumber) : undefined,
    };
  }

  /**
   * @throws ContactTaken when e-mail or identifier belong to another contact. The transaction goes on; after `holders`
   * only DeskFlow's own code can have been faster: look up again.
   */
  async insert(manager: EntityManager, accountId: number, draft: ContactChanges): Promise<Contact> {
    const columns = contactColumns(draft);
    const now = new Date();
    const [row] = await manager.query<{ id: number }[]>(
      `insert into contacts (account_id, name, email, phone_number, identifier, blocked, ghl_contact_id,
              additional_attributes, custom_attributes, location, country_code, contact_type, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
       on conflict do nothing returning id`,
      [accountId, ...columnValues(columns), now],
    );
    if (row) {
      const { id } = row;
      return Object.assign(new Contact(), NEW, columns, { id, accountId, createdAt: now, updatedAt: now });
    }
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
    // A savepoint: the unique violation must not take the caller's transaction with it.
    await manager
      .transaction((nested) =>
        nested.query(
          `update contacts set name = $3, email = $4, phone_number = $5, identifier = $6, blocked = $7,
                  ghl_contact_id = $8, additional_attributes = $9, custom_attributes = $10, location = $11,
                  country_code = $12, contact_type = $13, updated_at = $14
            where id = $1 and account_id = $2`,
          [current.id, current.accountId, ...columnValues(columns), now],
        ),
      )
      .catch((error: unknown) => {
        throw takenFrom(error) ?? error;
      });
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

function columnValues(columns: ContactColumns): unknown[] {
  const { name, email, phoneNumber, identifier, blocked, ghlContactId } = columns;
  const { additionalAttributes, customAttributes, location, countryCode, contactType } = columns;
  const attributes: JsonRecord[] = [additionalAttributes, customAttributes];
  return [
    name,
    email,
    phoneNumber,
    identifier,
    blocked,
    ghlContactId,
    ...attributes,
    location,
    countryCode,
    contactType,
  ];
}

function takenFrom(error: unknown): ContactTaken | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  if (code !== UNIQUE_VIOLATION) return undefined;
  return new ContactTaken(constraint === 'uniq_email_per_account_contact' ? 'email' : 'identifier');
}
