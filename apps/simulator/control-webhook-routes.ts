import { type FastifyInstance } from 'fastify';
import { notFound, unprocessable } from './api-error.js';
import { type Context } from './context.js';
import { pageOf } from './query-values.js';
import { bodyOf } from './request-body.js';

const DEFAULT_LIMIT = 50;
const MOST_PER_PAGE = 500;

/** What was sent to the app, newest first, and sending it once more. */
export function addControlWebhookRoutes(server: FastifyInstance, { webhooks }: Context): void {
  server.get('/webhooks', (request) => {
    const { skip, limit } = pageOf(
      request.query as Record<string, string | undefined>,
      DEFAULT_LIMIT,
      MOST_PER_PAGE,
    );
    const deliveries = webhooks.list().toReversed();
    return { deliveries: deliveries.slice(skip, skip + limit), total: deliveries.length };
  });

  /** An event made by hand: signed and delivered as any other. */
  server.post('/webhooks', (request, reply) => {
    const event = bodyOf(request);
    if (typeof event['type'] !== 'string') throw unprocessable(['type must be a string']);
    return reply.code(201).send({ delivery: webhooks.send(event) });
  });

  server.post('/webhooks/:id/redeliver', (request) => {
    const { id = '' } = request.params as { id?: string };
    const delivery = webhooks.redeliver(id);
    if (!delivery) throw notFound(`There is no delivery ${id}`);
    return { delivery };
  });
}
