import { type FastifyInstance } from 'fastify';
import { unprocessable } from './api-error.js';
import { type Context } from './context.js';
import { contactOf, locationOf } from './control-contact-routes.js';
import { type WrittenMessage } from './message-book.js';
import { CHANNELS, type Json, type Location, MESSAGE_DIRECTIONS } from './model.js';
import { requireTexts } from './query-values.js';
import { bodyOf } from './request-body.js';

const MESSAGES = '/locations/:locationId/contacts/:contactId/messages';
const LONGEST_BODY = 10_000;

/** The conversation of a contact: what it writes to the location, and what somebody there answers. */
export function addControlMessageRoutes(server: FastifyInstance, context: Context): void {
  const { messages } = context.world;

  server.get(MESSAGES, (request) => ({ messages: messages.list(contactOf(context, request).id) }));

  server.post(MESSAGES, (request, reply) => {
    const location = locationOf(context, request);
    const contact = contactOf(context, request);
    const written = readMessage(context, location, bodyOf(request));
    return reply.code(201).send({ message: messages.add(location, contact, written) });
  });
}

/** @throws ApiError 422 */
function readMessage({ world }: Context, location: Location, input: Json): WrittenMessage {
  const { direction, channel, body } = requireTexts(input, ['direction', 'channel', 'body']);
  const { subject, userId } = input;
  const users = world.users.values().filter(({ locationIds }) => locationIds.includes(location.id));
  const user = userId === undefined ? users.at(-1) : users.find(({ id }) => id === userId);
  const known = CHANNELS.find((name) => name === channel);
  const problems = [
    ...(known ? [] : [`channel must be one of ${CHANNELS.join(', ')}`]),
    ...(MESSAGE_DIRECTIONS.some((name) => name === direction)
      ? []
      : [`direction must be one of ${MESSAGE_DIRECTIONS.join(', ')}`]),
    ...(body.length > LONGEST_BODY ? [`body must have at most ${LONGEST_BODY} characters`] : []),
    ...(subject === undefined || typeof subject === 'string' ? [] : ['subject must be a string']),
    ...(user ? [] : ['userId must be that of somebody in the location']),
  ];
  if (!known || problems.length > 0) throw unprocessable(problems);
  return {
    channel: known,
    body,
    ...(typeof subject === 'string' && { subject }),
    ...(direction === 'outbound' && user && { user }),
  };
}
