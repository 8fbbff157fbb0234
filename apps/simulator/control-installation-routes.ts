import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { badRequest, notFound } from './api-error.js';
import { type Context } from './context.js';
import { locationOf } from './control-contact-routes.js';
import { newLocation } from './new-location.js';
import { requireTexts } from './query-values.js';
import { bodyOf } from './request-body.js';

/** What happens to the app's access: removed, revoked, suspended. */
export function addControlInstallationRoutes(server: FastifyInstance, context: Context): void {
  const { world } = context;

  server.get('/installations', () => ({ installations: world.installations.list() }));

  server.post('/locations/:locationId/uninstall', (request) => {
    const { id } = locationOf(context, request);
    if (!world.uninstallLocation(id)) throw notFound('The app is not installed in this location');
    return { success: true };
  });

  server.post('/locations/:locationId/install', (request) => {
    const { id, companyId } = locationOf(context, request);
    if (!world.installations.addLater(companyId, id, false))
      throw badRequest('The app is not installed in the agency of this location');
    return { success: true };
  });

  server.post('/companies/:companyId/locations', (request) => {
    const { companyId = '' } = request.params as { companyId?: string };
    if (!world.companies.get(companyId)) throw notFound('There is no such company');
    const { name } = requireTexts(bodyOf(request), ['name']);
    const location = newLocation(companyId, name);
    world.locations.set(location.id, location);
    return { location, installed: world.installations.addLater(companyId, location.id, true) };
  });

  server.post('/companies/:companyId/uninstall', (request) => {
    const { companyId = '' } = request.params as { companyId?: string };
    if (!world.uninstallCompany(companyId)) throw notFound('The app is not installed in this company');
    return { success: true };
  });

  server.post('/locations/:locationId/revoke', (request) => {
    const { id } = locationOf(context, request);
    const kinds = bodyOf(request)['accessOnly'] === true ? 'access' : 'all';
    return { revoked: world.tokens.revokeWhere(({ locationId }) => locationId === id, kinds) };
  });

  const setActive = (request: FastifyRequest, active: boolean): { success: true } => {
    const location = locationOf(context, request);
    world.locations.set(location.id, { ...location, active });
    return { success: true };
  };
  server.post('/locations/:locationId/suspend', (request) => setActive(request, false));
  server.post('/locations/:locationId/activate', (request) => setActive(request, true));
}
