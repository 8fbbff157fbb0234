import { type FastifyInstance } from 'fastify';
import { addApiRoute } from './api-routes.js';
import { badRequest, forbidden } from './api-error.js';
import { type Context } from './context.js';
import { type Grant, type Installation, type Json, type Location } from './model.js';
import { requireActive } from './oauth-routes.js';
import { pageOf, requireTexts } from './query-values.js';
import { omit } from './records.js';
import { issueTokens } from './token-answer.js';

const DEFAULT_LIMIT = 20;

/** What an agency's token is for: its locations, and a token for each (HL 2.7). */
export function addAgencyRoutes(server: FastifyInstance, context: Context): void {
  const { world, app } = context;

  addApiRoute(server, context, {
    method: 'POST',
    path: '/oauth/locationToken',
    scope: 'oauth.write',
    level: 'Company',
    answer: ({ grant, body }) => {
      const { companyId, locationId } = requireTexts(body, ['companyId', 'locationId']);
      requireOwnCompany(grant, companyId);
      const installation = world.installations.find('Location', locationId);
      if (installation?.companyId !== companyId)
        throw badRequest('The app is not installed in this location');
      requireActive(context, installation);
      const { userId, scope } = installation;
      const tokens = issueTokens(context, { userType: 'Location', companyId, locationId, userId, scope });
      const unsaid = ['userType', 'companyId', 'isBulkInstallation', 'refreshTokenId'];
      const leftOut = context.settings.get().mintsRefreshTokens ? unsaid : [...unsaid, 'refresh_token'];
      const answered = omit(tokens, leftOut);
      return { body: { ...answered, appId: app.appId, versionId: app.appId } };
    },
  });

  addApiRoute(server, context, {
    method: 'GET',
    path: '/oauth/installedLocations',
    scope: 'oauth.readonly',
    level: 'Company',
    answer: ({ grant, query }) => {
      const { companyId, appId } = requireTexts(query, ['companyId', 'appId']);
      requireOwnCompany(grant, companyId);
      if (appId !== app.appId) throw badRequest('App not found');
      const { skip, limit } = pageOf(query, DEFAULT_LIMIT);
      const wantedName = (query['query'] ?? '').toLowerCase();
      const found = world.locations
        .values()
        .filter((location) => location.companyId === companyId)
        .filter(({ id }) => query['locationId'] === undefined || id === query['locationId'])
        .filter(({ name }) => name.toLowerCase().includes(wantedName))
        .map((location) => view(location, world.installations.find('Location', location.id), app.appId))
        .filter(
          ({ isInstalled }) =>
            query['isInstalled'] === undefined || String(isInstalled) === query['isInstalled'],
        );
      return {
        body: {
          locations: found.slice(skip, skip + limit),
          count: found.length,
          installToFutureLocations:
            world.installations.find('Company', companyId)?.installToFutureLocations ?? false,
        },
      };
    },
  });
}

function requireOwnCompany(grant: Grant, companyId: string): void {
  if (companyId !== grant.companyId) throw forbidden('The token does not have access to this company.');
}

/** `_id`, not `id` (HL 2.7). */
function view({ id, name, address }: Location, installation: Installation | undefined, appId: string): Json {
  const isInstalled = installation !== undefined;
  return {
    _id: id,
    name,
    address,
    isInstalled,
    ...(isInstalled && { versionId: appId, installedAt: installation.installedAt }),
  };
}
