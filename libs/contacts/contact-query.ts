import { Contact } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { storableText } from './storable.js';

/** Chatwoot's; clients count on it (DM 3). */
export const CONTACTS_PER_PAGE = 15;

/** Pages beyond are empty: PostgreSQL would count its way through all rows before. */
const LAST_PAGE = 100_000;

const SORT_EXPRESSIONS = {
  name: 'lower(contacts.name)',
  email: 'contacts.email',
  phone_number: 'contacts.phone_number',
  company: `contacts.additional_attributes ->> 'company_name'`,
  city: `contacts.additional_attributes ->> 'city'`,
  country: `contacts.additional_attributes ->> 'country'`,
  last_activity_at: 'contacts.last_activity_at',
  created_at: 'contacts.created_at',
} as const;

type ContactSort = keyof typeof SORT_EXPRESSIONS;

/** With a minus: descending. */
export type SortOrder = ContactSort | `-${ContactSort}`;

export const SORT_ORDERS = (Object.keys(SORT_EXPRESSIONS) as ContactSort[]).flatMap((sort): SortOrder[] => [
  sort,
  `-${sort}`,
]);

export interface ContactQuery {
  /** Everybody who can be reached or is known by an identifier, as Chatwoot lists them; with a text, whoever matches. */
  readonly text?: string;
  readonly sort?: SortOrder | undefined;
  /** From 1. */
  readonly page: number;
}

export interface ContactPage {
  readonly contacts: Contact[];
  /** On all pages. */
  readonly count: number;
}

export async function queryContacts(
  manager: EntityManager,
  accountId: number,
  query: ContactQuery,
): Promise<ContactPage> {
  const { condition, parameters } = filterOf(query);
  const contacts = manager
    .createQueryBuilder(Contact, 'contacts')
    .where('contacts.account_id = :accountId', { accountId })
    .andWhere(condition, parameters);
  const count = await contacts.getCount();
  if (count === 0 || query.page > LAST_PAGE) return { contacts: [], count };
  const descending = query.sort?.startsWith('-') ?? true;
  const page = await contacts
    .orderBy(expressionOf(query.sort), descending ? 'DESC' : 'ASC', 'NULLS LAST')
    .addOrderBy('contacts.id', 'DESC')
    .offset((query.page - 1) * CONTACTS_PER_PAGE)
    .limit(CONTACTS_PER_PAGE)
    .getMany();
  return { contacts: page, count };
}

function filterOf({ text }: ContactQuery): { condition: string; parameters: Record<string, string> } {
  if (text === undefined) {
    return {
      condition: `(contacts.email <> '' or contacts.phone_number <> '' or contacts.identifier <> '')`,
      parameters: {},
    };
  }
  return {
    condition: `(contacts.name ilike :pattern or contacts.email ilike :pattern or contacts.phone_number ilike :pattern
      or contacts.identifier like :pattern or contacts.additional_attributes ->> 'company_name' ilike :pattern)`,
    parameters: {
      pattern: `%${storableText(text)
        .trim()
        .replaceAll(/[\\%_]/g, '\\$&')}%`,
    },
  };
}

/** Whom somebody talked to last comes first. */
function expressionOf(sort: SortOrder = '-last_activity_at'): string {
  const name = sort.replace(/^-/, '');
  return SORT_EXPRESSIONS[name as ContactSort];
}
