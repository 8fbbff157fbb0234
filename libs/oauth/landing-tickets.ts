import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppConfig } from '#libs/config';

const COOKIE = 'deskflow_ghl_landing';
const ISSUER = 'deskflow-ghl';
/** The session secret signs other things too: this names the one use. */
const AUDIENCE = 'deskflow-ghl/landing';
const LIFETIME_SECONDS = 900;

/** A browser that has just completed an authorization. */
export interface Visitor {
  readonly accountId: number;
  /** Who started the authorization. */
  readonly userId: number;
  /** Goes into the page's forms: they count only with the cookie of the browser that was shown them. */
  readonly formToken: string;
}

/**
 * Lets the browser that has just completed an authorization, and no other, see on the public landing page how that
 * account's connection is doing, and choose among an agency's locations. The cookie is good for nothing else.
 */
@Injectable()
export class LandingTickets {
  constructor(
    private readonly jwt: JwtService,
    private readonly config: AppConfig,
  ) {}

  /** A `Set-Cookie` header. */
  async cookieFor(accountId: number, userId: number): Promise<string> {
    const ticket = await this.jwt.signAsync(
      { user: userId },
      {
        secret: this.config.session.secret,
        algorithm: 'HS256',
        issuer: ISSUER,
        audience: AUDIENCE,
        subject: String(accountId),
        expiresIn: LIFETIME_SECONDS,
      },
    );
    // Lax: the redirect that brings it comes from HighLevel's site.
    const attributes = ['Path=/app', 'HttpOnly', 'SameSite=Lax', `Max-Age=${LIFETIME_SECONDS}`];
    const secure = this.config.publicUrl.startsWith('https:') ? ['Secure'] : [];
    return [`${COOKIE}=${ticket}`, ...attributes, ...secure].join('; ');
  }

  /**
   * @param cookies a `Cookie` header
   * @returns undefined for a browser without a ticket to that account
   */
  async visitor(cookies: string | undefined, accountId: number): Promise<Visitor | undefined> {
    const ticket = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w.-]+)`).exec(cookies ?? '')?.[1];
    if (ticket === undefined) return undefined;
    const { secret } = this.config.session;
    try {
      const { sub, user } = await this.jwt.verifyAsync<{ sub?: string; user: number }>(ticket, {
        secret,
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
      });
      if (sub !== String(accountId)) return undefined;
      const formToken = createHmac('sha256', secret).update(`${AUDIENCE}:${ticket}`).digest('base64url');
      return { accountId, userId: user, formToken };
    } catch {
      return undefined;
    }
  }
}
