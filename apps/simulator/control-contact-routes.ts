import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { notFound } from './api-error.js';
import { type ContactChanges, readContactInput } from './contact-input.js';
import { matchesText } from './contact-search.js';
import { detailView } from './contact-views.js';
import { type Context } from './context.js';
import { type Contact, type Json, type Location } from './model.js';
import { pageOf } from './query-values.js';
import { bodyOf } from './request-body.js';

const CONTACTS = '/locations/:locationId/contacts';
const CONTACT = `${CONTACTS}/:contactId`;
const DEFAULT_LIMIT = 100;
const MOST_PER_PAGE = 1000;

type Parameters = Partial<Record<'locationId' | 'contactId', string>>;

/** Contacts as a person in HighLevel edits them: at once visible, under the location's own duplicate rule. */
export function addControlContactRoutes(server: FastifyInstance, context: Context): void {
  const { world } = context;

  server.get('/locations', () => ({
    locations: world.locations.values().map((location) => locationView(context, location)),
  }));

  server.get(CONTACTS, (request) => {
    const { query = '', ...page } = request.query as Record<string, string | undefined>;
    const { skip, limit } = pageOf(page, DEFAULT_LIMIT, MOST_PER_PAGE);
    const found = world.contacts
      .list(locationOf(context, request).id)
      .filter(matchesText(query))
      .toSorted((a, b) => b.dateUpdated.localeCompare(a.dateUpdated));
    return { contacts: found.slice(skip, skip + limit).map(detailView), total: found.length };
  });

  server.post(CONTACTS, (request, reply) => {
    const location = locationOf(context, request);
    const contact = world.contactRules.create(location, changesOf(context, location, request));
    return reply.code(201).send({ contact: detailView(contact) });
  });

  server.get(CONTACT, (request) => ({ contact: detailView(contactOf(context, request)) }));

  server.put(CONTACT, (request) => {
    const location = locationOf(context, request);
    const contact = contactOf(context, request);
    return {
      contact: detailView(
        world.contactRules.update(location, contact, changesOf(context, location, request)),
      ),
    };
  });

  server.delete(CONTACT, (request) => {
    world.contacts.remove(contactOf(context, request));
    return { success: true };
  });
}

/** @throws ApiError 404 */
export function locationOf({ world }: Context, request: FastifyRequest): Location {
  const { locationId = '' } = request.params as Parameters;
  const location = world.locations.get(locationId);
  if (!location) throw notFound(`There is no location ${locationId}`);
  return location;
}

/** @throws ApiError 404 */
export function contactOf(context: Context, request: FastifyRequest): Contact {
  const { id } = locationOf(context, request);
  const { contactId = '' } = request.params as Parameters;
  const contact = context.world.contacts.get(contactId);
  if (contact?.locationId !== id) throw notFound(`There is no contact ${contactId} in this location`);
  return contact;
}

function changesOf(context: Context, location: Location, request: FastifyRequest): ContactChanges {
  return readContactInput(bodyOf(request), {
    call: 'control',
    rejectUnknown: true,
    fieldIdByKey: (key) => context.world.fieldIdByKey(location.id, key),
  });
}

function locationView({ world }: Context, location: Location): Json {
  const { id } = location;
  return {
    ...location,
    isInstalled: world.installations.find('Location', id) !== undefined,
    contacts: world.contacts.list(id).length,
    customFields: world.customFields.values().filter(({ locationId }) => locationId === id),
    users: world.users
      .values()
      .filter(({ locationIds }) => locationIds.includes(id))
      .map((user) => ({ id: user.id, name: `${user.firstName} ${user.lastName}`, role: user.role })),
  };
}
