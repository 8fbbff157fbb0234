import { type FastifyError, type FastifyInstance } from 'fastify';
import { ApiError, forbidden, notFound, unprocessable } from './api-error.js';
import { type Context } from './context.js';
import { addControlContactRoutes } from './control-contact-routes.js';
import { addControlInstallationRoutes } from './control-installation-routes.js';
import { addControlMessageRoutes } from './control-message-routes.js';
import { addControlUserRoutes } from './control-user-routes.js';
import { addControlWebhookRoutes } from './control-webhook-routes.js';
import { FaultInvalid, type FaultRequest } from './faults.js';
import { newHexId } from './identifiers.js';
import { pageOf } from './query-values.js';
import { bodyOf } from './request-body.js';
import { REMEMBERED_REQUESTS } from './request-log.js';
import { SettingsInvalid } from './settings.js';

const OWN_PAGE = ['same-origin', 'none'];

/**
 * `/_sim`: a person inside HighLevel, and the one who decides what goes wrong. Costs no budget and is in no log.
 * Everybody on this machine may use it, except pages of other sites in somebody's browser.
 */
export function addControlRoutes(server: FastifyInstance, context: Context): void {
  const { faults, settings, requests } = context;

  server.addHook('onRequest', (request, _reply, done) => {
    const site = request.headers['sec-fetch-site'];
    const foreign = typeof site === 'string' && !OWN_PAGE.includes(site);
    done(foreign ? forbidden('Pages of other sites may not do this.') : undefined);
  });
  server.setErrorHandler(
    (error: FastifyError | ApiError | FaultInvalid | SettingsInvalid, _request, reply) => {
      const refusal = refusalOf(error);
      return reply.code(refusal.status).send(refusal.body(newHexId()));
    },
  );
  server.setNotFoundHandler((request) => {
    throw notFound(`Cannot ${request.method} ${request.url}`);
  });

  addControlContactRoutes(server, context);
  addControlInstallationRoutes(server, context);
  addControlMessageRoutes(server, context);
  addControlUserRoutes(server, context);
  addControlWebhookRoutes(server, context);

  server.get('/faults', () => ({ faults: faults.list() }));
  server.put('/faults', (request) => {
    const { faults: wanted } = bodyOf(request);
    if (!Array.isArray(wanted)) throw unprocessable(['faults must be an array']);
    return { faults: faults.replace(wanted as FaultRequest[]) };
  });
  server.delete('/faults', () => {
    faults.clear();
    return { faults: [] };
  });

  server.get('/settings', () => settings.get());
  server.put('/settings', (request) => settings.change(bodyOf(request)));

  server.get('/requests', (request) => {
    const query = request.query as Record<string, string | undefined>;
    const { skip, limit } = pageOf(query, REMEMBERED_REQUESTS, REMEMBERED_REQUESTS);
    return {
      total: requests.total,
      requests: requests
        .list()
        .toReversed()
        .slice(skip, skip + limit),
    };
  });
}

function refusalOf(error: FastifyError | ApiError | FaultInvalid | SettingsInvalid): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof FaultInvalid || error instanceof SettingsInvalid) return unprocessable(error.problems);
  const { statusCode = 500, message } = error;
  return statusCode < 500 ? new ApiError(statusCode, message) : new ApiError(500, 'Internal server error');
}
