import { Injectable } from '@nestjs/common';
import { type Contact } from '#libs/database';
import { NotFound, ValidationFailed } from '#libs/errors';
import { type Shape } from '#libs/http';
import { text } from '#libs/i18n';
import { DataSource, type EntityManager } from 'typeorm';
import { type ContactChanges } from './contact-columns.js';
import { identifierColumn, normaliseEmail } from './contact-identity.js';
import { ContactLabels } from './contact-labels.js';
import { type ContactQuery, queryContacts } from './contact-query.js';
import { ContactStore } from './contact-store.js';
import { ContactTaken } from './contact-taken.js';
import { viewContacts } from './contact-view.js';
import {
  type ContactDto,
  type ContactList,
  type ContactSearchQuery,
  type WriteContactDto,
} from './contact.dto.js';
import { retriedTransaction } from './retried-transaction.js';
import { storableText } from './storable.js';

/** What the contact endpoints do, each in a transaction of its own. Throws NotFound for another account's contact. */
@Injectable()
export class ContactsService {
  constructor(
    private readonly database: DataSource,
    private readonly store: ContactStore,
    private readonly labelStore: ContactLabels,
  ) {}

  async list(
    accountId: number,
    { page, ...query }: Omit<ContactQuery, 'page'> & { page?: string | undefined },
  ): Promise<Shape<ContactList>> {
    const { manager } = this.database;
    const found = await queryContacts(manager, accountId, { ...query, page: Number(page ?? 1) });
    return {
      meta: { count: found.count, current_page: page ?? 1 },
      payload: await viewContacts(manager, accountId, found.contacts),
    };
  }

  /** @throws ValidationFailed without a text, with Chatwoot's sentence */
  async search(accountId: number, { q = '', ...query }: ContactSearchQuery): Promise<Shape<ContactList>> {
    if (isBlank(q)) throw new ValidationFailed(text('contact.search_without_text'), ['q']);
    return this.list(accountId, { ...query, text: q });
  }

  async show(accountId: number, id: number): Promise<Shape<ContactDto>> {
    const contact = await this.store.find(this.database.manager, accountId, id);
    if (!contact) throw new NotFound('Contact');
    return this.view(this.database.manager, contact);
  }

  /** @throws ContactTaken */
  async create(accountId: number, body: WriteContactDto): Promise<Shape<ContactDto>> {
    return retriedTransaction(this.database, async (manager) => {
      await this.refuseTaken(manager, accountId, body, undefined);
      const contact = await this.store.insert(manager, accountId, {
        ...changesOf(body),
        additionalAttributes: body.additional_attributes,
        customAttributes: body.custom_attributes,
      });
      return this.view(manager, contact);
    });
  }

  /**
   * Attribute objects are merged into the stored ones at the top level, as Chatwoot does.
   * @throws ContactTaken
   */
  async update(accountId: number, id: number, body: WriteContactDto): Promise<Shape<ContactDto>> {
    return retriedTransaction(this.database, async (manager) => {
      const contact = await this.lock(manager, accountId, id);
      await this.refuseTaken(manager, accountId, body, id);
      const { additional_attributes: additional, custom_attributes: custom } = body;
      const written = await this.store.update(manager, contact, {
        ...changesOf(body),
        ...(additional && { additionalAttributes: { ...contact.additionalAttributes, ...additional } }),
        ...(custom && { customAttributes: { ...contact.customAttributes, ...custom } }),
      });
      return this.view(manager, written);
    });
  }

  async remove(accountId: number, id: number): Promise<void> {
    const isRemoved = await retriedTransaction(this.database, (manager) =>
      this.store.remove(manager, accountId, id),
    );
    if (!isRemoved) throw new NotFound('Contact');
  }

  async labels(accountId: number, id: number): Promise<string[]> {
    const { manager } = this.database;
    if (!(await this.store.find(manager, accountId, id))) throw new NotFound('Contact');
    return this.labelStore.of(manager, id);
  }

  /** Blank titles are dropped, as Rails does. */
  async setLabels(accountId: number, id: number, titles: readonly string[]): Promise<string[]> {
    return retriedTransaction(this.database, async (manager) => {
      await this.lock(manager, accountId, id);
      const given = titles.filter((title) => !isBlank(title));
      return this.labelStore.set(manager, accountId, id, given);
    });
  }

  private async lock(manager: EntityManager, accountId: number, id: number): Promise<Contact> {
    const contact = await this.store.findForUpdate(manager, accountId, id);
    if (!contact) throw new NotFound('Contact');
    return contact;
  }

  private async view(manager: EntityManager, contact: Contact): Promise<Shape<ContactDto>> {
    const [view] = await viewContacts(manager, contact.accountId, [contact]);
    if (!view) throw new NotFound('Contact');
    return view;
  }

  private async refuseTaken(
    manager: EntityManager,
    accountId: number,
    body: WriteContactDto,
    ownId: number | undefined,
  ): Promise<void> {
    const identity = { email: normaliseEmail(body.email), phoneNumber: body.phone_number };
    const { byEmail, byPhone } = await this.store.holders(manager, accountId, identity);
    if (byEmail && byEmail.id !== ownId) throw new ContactTaken('email');
    if (byPhone && byPhone.id !== ownId) throw new ContactTaken('phone_number');
    const identifier = identifierColumn(body.identifier);
    const holder = identifier && (await this.store.findByIdentifier(manager, accountId, identifier));
    if (holder && holder.id !== ownId) throw new ContactTaken('identifier');
  }
}

/** Also of what is left when PostgreSQL has refused its part of the text. */
function isBlank(text: string): boolean {
  return storableText(text).trim() === '';
}

function changesOf({ name, email, phone_number, identifier, blocked }: WriteContactDto): ContactChanges {
  return { name, email, phoneNumber: phone_number, identifier, blocked };
}
