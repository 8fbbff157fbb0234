import { type FastifyInstance } from 'fastify';
import { addApiRoute, type ApiCall } from './api-routes.js';
import { badRequest, forbidden } from './api-error.js';
import { type Context } from './context.js';
import { type Grant, type Json, type User } from './model.js';
import { pageOf, requireTexts } from './query-values.js';

const READ = { scope: 'users.readonly' } as const;
/** HL 7.1. */
const DEFAULT_LIMIT = 25;

/** The people who work in the locations (HL 7.1). */
export function addUserRoutes(server: FastifyInstance, context: Context): void {
  const { world } = context;

  addApiRoute(server, context, {
    ...READ,
    method: 'GET',
    path: '/users/search',
    answer: (call) => {
      const { companyId } = requireTexts(call.query, ['companyId']);
      if (companyId !== call.grant.companyId)
        throw forbidden('The token does not have access to this company.');
      const { skip, limit } = pageOf(call.query, DEFAULT_LIMIT);
      const found = world.users.values().filter((user) => isVisible(user, call.grant) && matches(user, call));
      return { body: { users: found.slice(skip, skip + limit).map(userView), count: found.length } };
    },
  });

  addApiRoute(server, context, {
    ...READ,
    method: 'GET',
    path: '/users/:userId',
    answer: ({ grant, params }) => {
      const id = params['userId'] ?? '';
      const user = world.users.get(id);
      if (!user || user.companyId !== grant.companyId) throw badRequest(`User with id ${id} not found`);
      return { body: userView(user) };
    },
  });
}

/** A location's token lists those who work there; others it finds by id only (HL 7.1). */
function isVisible(user: User, { companyId, locationId }: Grant): boolean {
  return user.companyId === companyId && (locationId === undefined || user.locationIds.includes(locationId));
}

function matches(user: User, { query }: ApiCall): boolean {
  const { locationId, query: text, ids, type, role } = query;
  const haystack = [`${user.firstName} ${user.lastName}`, user.email, user.phone].join('\n').toLowerCase();
  return (
    (!locationId || user.locationIds.includes(locationId)) &&
    (!text || haystack.includes(text.toLowerCase())) &&
    (!ids || ids.split(',').includes(user.id)) &&
    (!type || user.type === type) &&
    (!role || user.role === role)
  );
}

/** `roles` is one object despite its name. */
function userView({ id, firstName, lastName, email, phone, type, role, locationIds }: User): Json {
  return {
    id,
    name: `${firstName} ${lastName}`,
    firstName,
    lastName,
    email,
    phone,
    extension: '',
    permissions: { contactsEnabled: true, conversationsEnabled: true, settingsEnabled: role === 'admin' },
    roles: { type, role, locationIds, restrictSubAccount: type === 'account' },
    deleted: false,
    platformLanguage: 'en_US',
  };
}
