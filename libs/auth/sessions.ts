import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppConfig } from '#libs/config';
import { NotFound } from '#libs/errors';
import { parsePathId } from '#libs/http';
import { type Confinement } from './caller.js';
import { Confinements } from './confinements.js';
import { sameSecret } from './same-secret.js';
import { type UserRecord, Users } from './users.js';

/** What a session token is good for: calling the API, or reading the documentation in a browser. */
export type SessionPurpose = 'api' | 'docs';

const ISSUER = 'deskflow-ghl';
/** A working day, so that nobody signs in twice, and a stolen token is of no use tomorrow. */
const LIFETIME_SECONDS: Readonly<Record<SessionPurpose, number>> = { api: 43_200, docs: 3_600 };
/** The page in HighLevel's frame signs on anew by itself, and HighLevel's word for somebody bears no date (HL 8.4). */
const CONFINED_LIFETIME_SECONDS = 3_600;

export interface Session {
  /** JWT, HS256. */
  readonly token: string;
  readonly expiresInSeconds: number;
}

interface Claims {
  sub?: string;
  /** Names the password the session was opened under, so that changing it ends the session. */
  pwd?: unknown;
  /** Account and location that the session is confined to. */
  account?: unknown;
  location?: unknown;
}

/** Issues and verifies session tokens. They are not stored: a token holds until it expires or the password changes. */
@Injectable()
export class Sessions {
  constructor(
    private readonly jwt: JwtService,
    private readonly users: Users,
    private readonly confinements: Confinements,
    private readonly config: AppConfig,
  ) {}

  /** @throws NotFound when there is no such user. */
  async issue(userId: number, purpose: SessionPurpose = 'api'): Promise<Session> {
    return this.sign(userId, purpose, LIFETIME_SECONDS[purpose]);
  }

  /** A short session for one account, which ends when that account gives up the location. @throws NotFound */
  async issueConfined(
    userId: number,
    { accountId, locationId }: Pick<Confinement, 'accountId' | 'locationId'>,
  ): Promise<Session> {
    return this.sign(userId, 'api', CONFINED_LIFETIME_SECONDS, { account: accountId, location: locationId });
  }

  /** The user of a token that we issued for this purpose and that still holds; undefined for anything else. */
  async verify(token: string, purpose: SessionPurpose = 'api'): Promise<UserRecord | undefined> {
    const { sub, pwd, account, location } = (await this.claimsOf(token, purpose)) ?? {};
    const userId = parsePathId(sub);
    if (userId === undefined || typeof pwd !== 'string') return undefined;
    const user = await this.users.findById(userId);
    if (!user || !sameSecret(pwd, this.passwordMark(user))) return undefined;
    if (account === undefined) return user;
    const confinement = await this.confinements.of(Number(account), String(location));
    return confinement && { ...user, isSuperAdmin: false, confinement };
  }

  private async sign(
    userId: number,
    purpose: SessionPurpose,
    expiresInSeconds: number,
    claims: Pick<Claims, 'account' | 'location'> = {},
  ): Promise<Session> {
    const user = await this.users.findById(userId);
    if (!user) throw new NotFound('User');
    const token = await this.jwt.signAsync(
      { pwd: this.passwordMark(user), ...claims },
      {
        secret: this.config.session.secret,
        algorithm: 'HS256',
        subject: String(user.id),
        issuer: ISSUER,
        audience: audience(purpose),
        expiresIn: expiresInSeconds,
      },
    );
    return { token, expiresInSeconds };
  }

  private async claimsOf(token: string, purpose: SessionPurpose): Promise<Claims | undefined> {
    try {
      return await this.jwt.verifyAsync<Claims>(token, {
        secret: this.config.session.secret,
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: audience(purpose),
      });
    } catch {
      return undefined;
    }
  }

  private passwordMark(user: UserRecord): string {
    const key = this.config.session.secret;
    return createHmac('sha256', key)
      .update(`${user.id}:${user.encryptedPassword}`)
      .digest('base64url')
      .slice(0, 22);
  }
}

function audience(purpose: SessionPurpose): string {
  return `${ISSUER}/${purpose}`;
}
