import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppConfig } from '#libs/config';

const COOKIE = 'deskflow_ghl_landing';
const ISSUER = 'deskflow-ghl';
/** The session secret signs other things too: this names the one use. */
const AUDIENCE = 'deskflow-ghl/landing';
const LIFETIME_SECONDS = 900;

/**
 * Lets the browser that has just completed an authorization, and no other, see on the public landing page how that
 * account's connection is doing. The cookie is good for nothing else.
 */
@Injectable()
export class LandingTickets {
  constructor(
    private readonly jwt: JwtService,
    private readonly config: AppConfig,
  ) {}

  /** A `Set-Cookie` header. */
  async cookieFor(accountId: number): Promise<string> {
    const ticket = await this.jwt.signAsync(
      {},
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

  /** @param cookies a `Cookie` header */
  async admits(cookies: string | undefined, accountId: number): Promise<boolean> {
    const ticket = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w.-]+)`).exec(cookies ?? '')?.[1];
    if (ticket === undefined) return false;
    try {
      const { sub } = await this.jwt.verifyAsync<{ sub?: string }>(ticket, {
        secret: this.config.session.secret,
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
      });
      return sub === String(accountId);
    } catch {
      return false;
    }
  }
}
