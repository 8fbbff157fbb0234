import { type FastifyInstance } from 'fastify';
import { addApiRoute, type ApiCall, locationOf } from './api-routes.js';
import { unprocessable } from './api-error.js';
import { internationalNumber } from './contact-changes.js';
import { ContactSearches, matchesText } from './contact-search.js';
import { detailView, listView, searchView } from './contact-views.js';
import { type Context } from './context.js';
import { type Contact, type Json } from './model.js';
import { pageOf, requireTexts } from './query-values.js';

const READ = { scope: 'contacts.readonly', level: 'Location' } as const;
/** HL 5.3. */
const DEFAULT_LIST_LIMIT = 20;

/** Contacts by what is in them (HL 5.2, 5.3, 5.9). All but the duplicate search lag behind changes. */
export function addContactSearchRoutes(server: FastifyInstance, context: Context): void {
  const { world, settings } = context;
  const searches = new ContactSearches(world.contacts, () => settings.get().searchLagMs);
  const visible = (locationId: string): Contact[] =>
    world.contacts.listAsOf(locationId, settings.get().searchLagMs);

  addApiRoute(server, context, {
    ...READ,
    method: 'POST',
    path: '/contacts/search',
    answer: ({ grant, body }) => {
      const location = locationOf(context, grant, body['locationId']);
      const { found, total } = searches.page(location.id, body);
      return {
        body: { contacts: found.map(({ contact, searchAfter }) => searchView(contact, searchAfter)), total },
      };
    },
  });

  addApiRoute(server, context, {
    ...READ,
    method: 'GET',
    path: '/contacts/search/duplicate',
    answer: ({ grant, query }) => {
      const location = locationOf(context, grant, requireTexts(query, ['locationId']).locationId);
      const { email, number } = query;
      const phone = number ? internationalNumber(number, location.country) : undefined;
      const wanted = { ...(email && { email }), ...(phone !== undefined && { phone }) };
      const found = world.contacts.findDuplicate(location, wanted);
      return { body: { contact: found ? detailView(found.contact) : null } };
    },
  });

  addApiRoute(server, context, {
    ...READ,
    method: 'GET',
    path: '/contacts/',
    answer: (call) => {
      const location = locationOf(context, call.grant, requireTexts(call.query, ['locationId']).locationId);
      return { body: listPage(visible(location.id), call) };
    },
  });
}

/** Newest first; the next page begins after the contact that `startAfter` and `startAfterId` name together. */
function listPage(contacts: readonly Contact[], { query }: ApiCall): Json {
  const { limit } = pageOf({ limit: query['limit'] }, DEFAULT_LIST_LIMIT);
  const { startAfter, startAfterId, locationId } = query;
  if ((startAfter === undefined) !== (startAfterId === undefined))
    throw unprocessable(['startAfter and startAfterId must be sent together']);
  const matching = contacts
    .filter(query['query'] ? matchesText(query['query']) : () => true)
    .toSorted(newestFirst);
  const begin = startAfterId === undefined ? 0 : matching.findIndex(({ id }) => id === startAfterId) + 1;
  const page = matching.slice(begin, begin + limit);
  const last = begin + limit < matching.length ? page.at(-1) : undefined;
  const next = last && { startAfterId: last.id, startAfter: Date.parse(last.dateAdded) };
  const currentPage = Math.floor(begin / limit) + 1;
  return {
    contacts: page.map(listView),
    count: matching.length,
    meta: {
      total: matching.length,
      currentPage,
      nextPage: next ? currentPage + 1 : null,
      prevPage: currentPage > 1 ? currentPage - 1 : null,
      ...(next && { ...next, nextPageUrl: nextPageUrl({ locationId, limit, ...next }) }),
    },
  };
}

function nextPageUrl(query: Json): string {
  const texts = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return `/contacts/?${new URLSearchParams(texts).toString()}`;
}

function newestFirst(a: Contact, b: Contact): number {
  return b.dateAdded.localeCompare(a.dateAdded) || a.id.localeCompare(b.id);
}
