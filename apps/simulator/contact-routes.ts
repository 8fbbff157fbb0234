import { type FastifyInstance } from 'fastify';
import { addApiRoute, type ApiCall, locationOf } from './api-routes.js';
import { forbidden, unknownContact } from './api-error.js';
import { type ContactCall, type ContactChanges, readContactInput, readTags } from './contact-input.js';
import { createdView, detailView } from './contact-views.js';
import { type Context } from './context.js';
import { type Contact, type Grant, type Location } from './model.js';
import { requireTexts } from './query-values.js';

const WRITE = { scope: 'contacts.write', level: 'Location' } as const;
const READ = { scope: 'contacts.readonly', level: 'Location' } as const;
const CONTACT = '/contacts/:contactId';
const TAGS = '/contacts/:contactId/tags';

/** One contact at a time: get, create, update, upsert, delete and tags (HL 5). */
export function addContactRoutes(server: FastifyInstance, context: Context): void {
  const { world } = context;

  addApiRoute(server, context, {
    ...READ,
    method: 'GET',
    path: CONTACT,
    answer: (call) => ({ body: { contact: detailView(contactOf(context, call)) } }),
  });

  addApiRoute(server, context, {
    ...WRITE,
    method: 'POST',
    path: '/contacts/',
    answer: ({ grant, body }) => {
      const location = requestedLocation(context, grant, body);
      const contact = world.contactRules.create(location, changesOf(context, 'create', location, body));
      return { status: 201, body: { contact: createdView(contact) } };
    },
  });

  addApiRoute(server, context, {
    ...WRITE,
    method: 'POST',
    path: '/contacts/upsert',
    answer: ({ grant, body }) => {
      const location = requestedLocation(context, grant, body);
      const changes = changesOf(context, 'upsert', location, body);
      const alwaysNew = body['createNewIfDuplicateAllowed'] === true;
      const { contact, created } = world.contactRules.upsert(location, changes, alwaysNew);
      return { status: created ? 201 : 200, body: { new: created, contact: detailView(contact) } };
    },
  });

  addApiRoute(server, context, {
    ...WRITE,
    method: 'PUT',
    path: CONTACT,
    answer: (call) => {
      const contact = contactOf(context, call);
      const location = locationOf(context, call.grant, contact.locationId);
      const changes = changesOf(context, 'update', location, call.body);
      const updated = world.contactRules.update(location, contact, changes);
      return { body: { succeded: true, contact: detailView(updated) } };
    },
  });

  addApiRoute(server, context, {
    ...WRITE,
    method: 'DELETE',
    path: CONTACT,
    answer: (call) => {
      world.contacts.remove(contactOf(context, call));
      return { body: { succeded: true } };
    },
  });

  addApiRoute(server, context, {
    ...WRITE,
    method: 'POST',
    path: TAGS,
    answer: (call) => ({
      status: 201,
      body: { tags: changeTags(context, call, (tags, named) => [...new Set([...tags, ...named])]) },
    }),
  });

  addApiRoute(server, context, {
    ...WRITE,
    method: 'DELETE',
    path: TAGS,
    answer: (call) => ({
      body: { tags: changeTags(context, call, (tags, named) => tags.filter((tag) => !named.includes(tag))) },
    }),
  });
}

/** @throws ApiError 400 for an unknown or deleted id (HL 5.4), 403 for another location's */
function contactOf({ world }: Context, { grant, params }: ApiCall): Contact {
  const id = params['contactId'] ?? '';
  const contact = world.contacts.get(id);
  if (!contact) throw unknownContact(id);
  if (contact.locationId !== grant.locationId)
    throw forbidden('The token does not have access to this location.');
  return contact;
}

function requestedLocation(context: Context, grant: Grant, body: ApiCall['body']): Location {
  return locationOf(context, grant, requireTexts(body, ['locationId']).locationId);
}

function changesOf(
  context: Context,
  call: ContactCall,
  location: Location,
  body: ApiCall['body'],
): ContactChanges {
  return readContactInput(body, {
    call,
    rejectUnknown: context.settings.get().rejectUnknownFields,
    fieldIdByKey: (key) => context.world.fieldIdByKey(location.id, key),
  });
}

function changeTags(
  context: Context,
  call: ApiCall,
  combine: (tags: readonly string[], named: readonly string[]) => string[],
): string[] {
  const contact = contactOf(context, call);
  const named = readTags(call.body['tags']);
  return context.world.contacts.replace(contact, { ...contact, tags: combine(contact.tags, named) }).tags;
}
