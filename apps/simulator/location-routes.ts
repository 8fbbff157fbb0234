import { type FastifyInstance } from 'fastify';
import { addApiRoute, locationOf } from './api-routes.js';
import { forbidden } from './api-error.js';
import { type Context } from './context.js';
import { seededId } from './identifiers.js';
import { type Json, type Location } from './model.js';
import { pageOf } from './query-values.js';
import { omit } from './records.js';

const LOCATION = '/locations/:locationId';
/** Its own list is long and documented nowhere; these are enough to choose from. */
const TIMEZONES = [
  'America/Los_Angeles',
  'America/New_York',
  'Asia/Dubai',
  'Asia/Tokyo',
  'Europe/Berlin',
  'UTC',
];

/** Sub-accounts, their custom fields, tags and time zones (HL 7.2). */
export function addLocationRoutes(server: FastifyInstance, context: Context): void {
  const { world } = context;

  addApiRoute(server, context, {
    method: 'GET',
    path: '/locations/search',
    scope: 'locations.readonly',
    level: 'Company',
    answer: ({ grant, query }) => {
      const { skip, limit } = pageOf(query, 10);
      if (query['companyId'] && query['companyId'] !== grant.companyId)
        throw forbidden('The token does not have access to this company.');
      const found = world.locations
        .values()
        .filter(
          ({ companyId, email }) =>
            companyId === grant.companyId && (!query['email'] || email === query['email']),
        )
        .toSorted((a, b) => a.name.localeCompare(b.name));
      const ordered = query['order'] === 'desc' ? found.toReversed() : found;
      return { body: { locations: ordered.slice(skip, skip + limit).map(foundView) } };
    },
  });

  addApiRoute(server, context, {
    method: 'GET',
    path: LOCATION,
    scope: 'locations.readonly',
    answer: ({ grant, params }) => ({
      body: { location: detailView(locationOf(context, grant, params['locationId'])) },
    }),
  });

  addApiRoute(server, context, {
    method: 'GET',
    path: `${LOCATION}/customFields`,
    scope: 'locations/customFields.readonly',
    answer: ({ grant, params, query }) => {
      const { id } = locationOf(context, grant, params['locationId']);
      const fields = world.customFields.values().filter(({ locationId }) => locationId === id);
      // The simulator has no opportunities, hence no fields of theirs.
      const shown = query['model'] === 'opportunity' ? [] : fields;
      return {
        body: { customFields: shown.map((field) => ({ ...field, placeholder: '', model: 'contact' })) },
      };
    },
  });

  addApiRoute(server, context, {
    method: 'GET',
    path: `${LOCATION}/tags`,
    scope: 'locations/tags.readonly',
    answer: ({ grant, params }) => {
      const { id } = locationOf(context, grant, params['locationId']);
      const names = new Set(world.contacts.list(id).flatMap(({ tags }) => tags));
      const tags = [...names]
        .toSorted()
        .map((name) => ({ id: seededId(`tag ${id} ${name}`), name, locationId: id }));
      return { body: { tags } };
    },
  });

  addApiRoute(server, context, {
    method: 'GET',
    path: `${LOCATION}/timezones`,
    scope: 'locations.readonly',
    answer: ({ grant, params }) => {
      locationOf(context, grant, params['locationId']);
      return { body: { timezones: TIMEZONES } };
    },
  });
}

function detailView(location: Location): Json {
  const { name, address, city, state, country, postalCode, website, timezone } = location;
  return {
    ...omit(location, ['allowDuplicateContact', 'uniqueFields', 'active']),
    domain: '',
    logoUrl: '',
    firstName: 'Ada',
    lastName: 'Agency',
    business: { name, address, city, state, country, postalCode, website, timezone },
    social: {},
    settings: settingsView(location),
    reseller: {},
  };
}

function foundView(location: Location): Json {
  return {
    ...omit(location, ['companyId', 'allowDuplicateContact', 'uniqueFields', 'active']),
    settings: settingsView(location),
    social: {},
  };
}

function settingsView({ allowDuplicateContact }: Location): Json {
  return {
    allowDuplicateContact,
    allowDuplicateOpportunity: false,
    allowFacebookNameMerge: false,
    disableContactTimezone: false,
  };
}
