import { unprocessable } from './api-error.js';
import { type ContactBook } from './contact-book.js';
import { type ContactTest, readFilters } from './contact-filter.js';
import { fullName, type SearchPosition } from './contact-views.js';
import { isRecord } from './records.js';
import { type Contact, type Json } from './model.js';

/** A position is one of these a sort key, and the id (HL 5.2). */
type SortValue = string | number | boolean | null;

interface SortKey {
  descending: boolean;
  value: (contact: Contact) => SortValue;
}

interface ContactQuery {
  limit: number;
  skip: number;
  after: SearchPosition | undefined;
  sort: SortKey[];
  matches: ContactTest;
}

export interface SearchPage {
  found: { contact: Contact; searchAfter: SearchPosition }[];
  /** All that match. */
  total: number;
}

const FIELDS = ['locationId', 'pageLimit', 'page', 'searchAfter', 'filters', 'sort', 'query'];
/** HL 5.2. */
const MOST_PER_PAGE = 500;
const DEEPEST_PAGE = 10_000;
const LONGEST_QUERY = 75;
const MOST_SORTS = 2;

const SORTABLE: Readonly<Record<string, (contact: Contact) => SortValue>> = {
  firstNameLowerCase: ({ firstName }) => firstName?.toLowerCase() ?? null,
  lastNameLowerCase: ({ lastName }) => lastName?.toLowerCase() ?? null,
  businessName: ({ companyName }) => companyName?.toLowerCase() ?? null,
  dateAdded: ({ dateAdded }) => Date.parse(dateAdded),
  dateUpdated: ({ dateUpdated }) => Date.parse(dateUpdated),
  email: ({ email }) => email?.toLowerCase() ?? null,
  dnd: ({ dnd }) => dnd,
  source: ({ source }) => source ?? null,
};
const NEWEST_FIRST: SortKey = { descending: true, value: ({ dateAdded }) => Date.parse(dateAdded) };

type Found = SearchPage['found'][number];

/** Results that are kept: as many walks as are under way at a time. */
const MOST_KEPT = 8;

/** Answers `POST /contacts/search` (HL 5.2). A walk through pages sorts its contacts once, while none changes. */
export class ContactSearches {
  private readonly kept = new Map<string, Found[]>();

  constructor(
    private readonly book: ContactBook,
    private readonly lagMs: () => number,
  ) {}

  /** @throws ApiError 422 with everything that is wrong in the body */
  page(locationId: string, body: Json): SearchPage {
    const query = readQuery(body);
    const all = this.sorted(locationId, body, query);
    const { after, sort, skip, limit } = query;
    const begin = after ? firstAfter(all, after, sort) : 0;
    return { found: all.slice(begin + skip, begin + skip + limit), total: all.length };
  }

  private sorted(
    locationId: string,
    { filters, sort: wanted, query }: Json,
    { sort, matches }: ContactQuery,
  ): Found[] {
    const lagMs = this.lagMs();
    const key = JSON.stringify([locationId, this.book.versionAsOf(lagMs), filters, wanted, query]);
    const known = this.kept.get(key);
    if (known) return known;
    const all = this.book
      .listAsOf(locationId, lagMs)
      .filter(matches)
      .map((contact) => ({ contact, searchAfter: positionOf(contact, sort) }))
      .toSorted((a, b) => compare(a.searchAfter, b.searchAfter, sort));
    const [oldest] = this.kept.keys();
    if (this.kept.size >= MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(key, all);
    return all;
  }
}

/** By halves. */
function firstAfter(all: readonly Found[], after: SearchPosition, sort: readonly SortKey[]): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = all[middle];
    if (found && compare(found.searchAfter, after, sort) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What people type into the search box: part of a name, an e-mail, a phone or a company. */
export function matchesText(query: string): ContactTest {
  const wanted = query.trim().toLowerCase();
  return (contact) =>
    [fullName(contact), contact.email, contact.phone, contact.companyName].some((text) =>
      text?.toLowerCase().includes(wanted),
    );
}

function readQuery(body: Json): ContactQuery {
  const { pageLimit, page = 1, searchAfter, filters, sort, query } = body;
  const problems = Object.keys(body)
    .filter((field) => !FIELDS.includes(field))
    .map((field) => `property ${field} should not exist`);
  if (typeof body['locationId'] !== 'string' || body['locationId'] === '')
    problems.push('locationId should not be empty');
  if (!isWhole(pageLimit, MOST_PER_PAGE))
    problems.push(`pageLimit must be a number from 1 to ${MOST_PER_PAGE}`);
  if (!isWhole(page, DEEPEST_PAGE)) problems.push('page must be a positive number');
  else if (isWhole(pageLimit, MOST_PER_PAGE) && page * pageLimit > DEEPEST_PAGE)
    problems.push(`page * pageLimit must not exceed ${DEEPEST_PAGE}: use searchAfter`);
  if (searchAfter !== undefined && !Array.isArray(searchAfter)) problems.push('searchAfter must be an array');
  if (searchAfter !== undefined && body['page'] !== undefined)
    problems.push('page and searchAfter cannot be used together');
  if (query !== undefined && (typeof query !== 'string' || query.length > LONGEST_QUERY))
    problems.push(`query must be a string of at most ${LONGEST_QUERY} characters`);
  const sortKeys = readSort(sort);
  if (!sortKeys)
    problems.push(`sort must hold at most ${MOST_SORTS} of ${Object.keys(SORTABLE).join(', ')}, asc or desc`);
  if (problems.length > 0 || !sortKeys) throw unprocessable(problems);
  return {
    limit: Number(pageLimit),
    skip: (Number(page) - 1) * Number(pageLimit),
    after:
      Array.isArray(searchAfter) && searchAfter.length > 0 ? readPosition(searchAfter, sortKeys) : undefined,
    sort: sortKeys,
    matches: both(
      readFilters(filters),
      typeof query === 'string' && query !== '' ? matchesText(query) : undefined,
    ),
  };
}

function readSort(sort: unknown): SortKey[] | undefined {
  if (sort === undefined) return [NEWEST_FIRST];
  if (!Array.isArray(sort) || sort.length > MOST_SORTS) return undefined;
  const keys = sort.map((entry: unknown): SortKey | undefined => {
    const { field, direction = 'asc' } = isRecord(entry) ? entry : {};
    if (typeof field !== 'string' || (direction !== 'asc' && direction !== 'desc')) return undefined;
    const value = Object.hasOwn(SORTABLE, field) ? SORTABLE[field] : undefined;
    return value && { descending: direction === 'desc', value };
  });
  const known = keys.filter((key) => key !== undefined);
  if (known.length < keys.length) return undefined;
  return known.length > 0 ? known : [NEWEST_FIRST];
}

function readPosition(position: unknown[], sort: readonly SortKey[]): SearchPosition {
  if (position.length !== sort.length + 1)
    throw unprocessable(['searchAfter must be that of the last contact, with the same sort']);
  return position;
}

function positionOf(contact: Contact, sort: readonly SortKey[]): SearchPosition {
  return [...sort.map(({ value }) => value(contact)), contact.id];
}

/** By the sort keys, each in its direction, then by id. What has no value comes last. */
function compare(a: SearchPosition, b: SearchPosition, sort: readonly SortKey[]): number {
  for (const [index, { descending }] of sort.entries()) {
    const order = compareValues(a[index], b[index], descending);
    if (order !== 0) return order;
  }
  return compareValues(a.at(-1), b.at(-1), false);
}

function compareValues(a: unknown, b: unknown, descending: boolean): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  const texts = typeof a === 'string' && typeof b === 'string';
  const ascending = texts ? (a < b ? -1 : 1) : Number(a) - Number(b);
  return descending ? -ascending : ascending;
}

function both(first: ContactTest, second: ContactTest | undefined): ContactTest {
  return second ? (contact) => first(contact) && second(contact) : first;
}

function isWhole(value: unknown, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
}
