import { Injectable } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { Unauthenticated } from '#libs/errors';
import { BotNotAuthorized, InvalidAccessToken } from './auth-errors.js';
import { type DeviseHeaders, DeviseTokens } from './devise-tokens.js';
import { sameSecret } from './same-secret.js';
import { Sessions } from './sessions.js';
import { type UserRecord, Users } from './users.js';

type Headers = FastifyRequest['headers'];

const BEARER = /^Bearer +(\S+) *$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** Base64 of the JSON of five short headers. */
const MAX_BEARER_LENGTH = 4_096;

/** Finds out who is calling, in DeskFlow's order (DM 3): the first kind of credential that is there decides. */
@Injectable()
export class Credentials {
  constructor(
    private readonly users: Users,
    private readonly deviseTokens: DeviseTokens,
    private readonly sessions: Sessions,
  ) {}

  /**
   * @throws InvalidAccessToken, BotNotAuthorized for a personal token that is not a user's
   * @throws Unauthenticated for any other credential, or none
   */
  async authenticate(headers: Headers): Promise<UserRecord> {
    const personalToken = one(headers, 'api_access_token') ?? one(headers, 'api-access-token');
    if (personalToken !== undefined) return this.byPersonalToken(personalToken);

    const devise = deviseHeaders(headers);
    const user = devise
      ? await this.deviseTokens.verify(devise)
      : await this.byBearer(one(headers, 'authorization'));
    if (!user) throw new Unauthenticated();
    return user;
  }

  private async byPersonalToken(token: string): Promise<UserRecord> {
    const owner = await this.users.findByPersonalToken(token);
    if (!owner || !sameSecret(token, owner.token)) throw new InvalidAccessToken();
    if (owner.ownerType !== 'User') throw new BotNotAuthorized();
    if (!owner.user) throw new InvalidAccessToken();
    return owner.user;
  }

  /** A session token of ours, the dashboard's headers in base64, or a personal token. */
  private async byBearer(header: string | undefined): Promise<UserRecord | undefined> {
    const token = BEARER.exec(header ?? '')?.[1];
    if (token === undefined || token.length > MAX_BEARER_LENGTH) return undefined;
    if (JWT.test(token)) return this.sessions.verify(token);
    const devise = decodeDeviseHeaders(token);
    return devise ? this.deviseTokens.verify(devise) : this.byPersonalToken(token);
  }
}

/** A header that came once and is not blank. */
function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function deviseHeaders(headers: Headers): DeviseHeaders | undefined {
  const accessToken = one(headers, 'access-token');
  const uid = one(headers, 'uid');
  if (accessToken === undefined || uid === undefined) return undefined;
  return { accessToken, uid, client: one(headers, 'client') ?? DEFAULT_CLIENT };
}

/** What devise_token_auth calls a client that did not name itself. */
const DEFAULT_CLIENT = 'default';

function decodeDeviseHeaders(token: string): DeviseHeaders | undefined {
  const decoded = Buffer.from(token, 'base64').toString('utf8');
  if (!decoded.startsWith('{')) return undefined;
  try {
    const fields = JSON.parse(decoded) as Record<string, unknown>;
    const { 'access-token': accessToken, uid, client = DEFAULT_CLIENT } = fields;
    if (typeof accessToken !== 'string' || typeof uid !== 'string' || typeof client !== 'string')
      return undefined;
    return { accessToken, uid, client };
  } catch {
    return undefined;
  }
}
