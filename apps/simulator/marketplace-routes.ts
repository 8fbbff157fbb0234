import { type FastifyInstance } from 'fastify';
import { addApiRoute, type ApiCall, locationOf } from './api-routes.js';
import { forbidden, notFound } from './api-error.js';
import { type Context } from './context.js';
import { type Json } from './model.js';
import { requireTexts } from './query-values.js';

const PATH = '/marketplace/app/:appId/installations';

/** The app's own installation: remove it, read who made it (HL 2.9). */
export function addMarketplaceRoutes(server: FastifyInstance, context: Context): void {
  const { world } = context;

  addApiRoute(server, context, {
    method: 'DELETE',
    path: PATH,
    scope: 'oauth.write',
    answer: (call) => {
      requireOwnApp(context, call);
      if (call.grant.userType === 'Company' && call.body['locationId'] === undefined) {
        const { companyId } = requireTexts(call.body, ['companyId']);
        if (companyId !== call.grant.companyId)
          throw forbidden('The token does not have access to this company.');
        world.uninstallCompany(companyId);
      } else {
        const { locationId } = requireTexts(call.body, ['locationId']);
        world.uninstallLocation(locationOf(context, call.grant, locationId).id);
      }
      return { body: { success: true } };
    },
  });

  addApiRoute(server, context, {
    method: 'GET',
    path: PATH,
    scope: 'marketplace-installer-details.readonly',
    answer: (call) => {
      requireOwnApp(context, call);
      return { body: { installationDetails: installationDetails(context, call) } };
    },
  });
}

function requireOwnApp({ app }: Context, { params }: ApiCall): void {
  if (params['appId'] !== app.appId) throw notFound('App not found');
}

/** What an owner would see; the owner's own data stay null for a sub-account's install. */
function installationDetails({ world }: Context, { grant }: ApiCall): Json {
  const company = world.companies.get(grant.companyId);
  const byAgency = grant.userType === 'Company';
  return {
    companyId: grant.companyId,
    locationId: grant.locationId ?? null,
    companyName: company?.name ?? null,
    relationshipNumber: byAgency ? (company?.relationshipNumber ?? null) : null,
    companyEmail: byAgency ? (company?.email ?? null) : null,
    companyOwnerFullName: byAgency ? 'Ada Agency' : null,
    userId: grant.userId,
    isWhitelabelCompany: false,
    companyPlan: company?.plan ?? null,
    marketplaceAppPlanId: null,
    whitelabelDetails: {},
  };
}
