import { type FastifyInstance } from 'fastify';
import { unprocessable } from './api-error.js';
import { type Context } from './context.js';
import { type Json, type Location, type User } from './model.js';
import { requireTexts } from './query-values.js';
import { bodyOf } from './request-body.js';
import { sealUserContext, type UserContext } from './user-context.js';

/** The people in HighLevel, and what its frame says of them to the app's page inside it (HL 8). */
export function addControlUserRoutes(server: FastifyInstance, context: Context): void {
  const { app, world } = context;

  server.get('/users', () => ({ users: world.users.values().map(userView) }));

  server.post('/user-context', (request) => {
    const { user, location } = readWhereabouts(context, bodyOf(request));
    return { payload: sealUserContext(userContext(user, location), app.sharedSecret) };
  });
}

/** An agency's users are in any location or in the agency view, all others in their locations. @throws ApiError 422 */
function readWhereabouts({ world }: Context, input: Json): { user: User; location?: Location } {
  const { userId } = requireTexts(input, ['userId']);
  const { locationId } = input;
  const user = world.users.get(userId);
  const location = typeof locationId === 'string' ? world.locations.get(locationId) : undefined;
  if (!user) throw unprocessable(['userId must be that of a user']);
  if (locationId !== undefined && location?.companyId !== user.companyId)
    throw unprocessable(["locationId must be that of a location of the user's company"]);
  if (user.type !== 'agency' && !(location && user.locationIds.includes(location.id)))
    throw unprocessable(['locationId must be that of a location the user is in']);
  return { user, ...(location && { location }) };
}

function userContext(user: User, location?: Location): UserContext {
  const { id, companyId, role, type, email } = user;
  return {
    userId: id,
    companyId,
    role,
    type: type === 'agency' ? 'agency' : 'location',
    ...(location && { activeLocation: location.id }),
    userName: nameOf(user),
    email,
    // An agency has one administrator here: its owner.
    isAgencyOwner: type === 'agency' && role === 'admin',
  };
}

function userView(user: User): Json {
  return { ...user, name: nameOf(user) };
}

function nameOf({ firstName, lastName }: User): string {
  return `${firstName} ${lastName}`;
}
