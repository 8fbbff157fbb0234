import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { DataSource } from 'typeorm';

/** Long enough to sign in at HighLevel and choose a location; DeskFlow's own figure. */
const LIFETIME_SECONDS = 900;
const ISSUER = 'deskflow-ghl';
/** The client secret signs other things too (webhooks without a secret of their own): this names the one use. */
const AUDIENCE = 'deskflow-ghl/oauth-state';
const NONCE_BYTES = 32;
/** Far longer than what `issue` makes. Bounds the work on what strangers send. */
const MAX_STATE_LENGTH = 2_048;
/** Rows that ended this long ago are of no use; the JWT's own expiry refuses them anyway. */
const PRUNE_AFTER = '1 hour';
const PRUNE_AT_ONCE = 1_000;

/** Who started an authorization, and the number that makes it usable once. */
export interface AuthorizationStart {
  readonly accountId: number;
  readonly userId: number;
  readonly nonce: string;
}

/** What a state parameter turned out to be. An expired one still says whose it was: its signature held. */
export type StateReading =
  { readonly kind: 'valid' | 'expired'; readonly start: AuthorizationStart } | { readonly kind: 'invalid' };

interface Claims {
  readonly sub?: unknown;
  readonly account?: unknown;
  readonly jti?: unknown;
  readonly exp?: unknown;
}

/**
 * The `state` of an authorization (RFC 6749 10.12): a JWT bound to account, user and a nonce, whose nonce is stored
 * and consumed, so that it works once. The algorithm is pinned (RFC 8725 3.1).
 */
@Injectable()
export class OAuthStates {
  constructor(
    private readonly jwt: JwtService,
    private readonly database: DataSource,
  ) {}

  /** @param secret the client secret */
  async issue(accountId: number, userId: number, secret: string): Promise<string> {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    await this.prune();
    await this.database.query(
      `insert into ghl.oauth_states (nonce, account_id, user_id, expires_at)
       values ($1, $2, $3, now() + make_interval(secs => $4))`,
      [nonce, accountId, userId, LIFETIME_SECONDS],
    );
    return this.jwt.signAsync(
      { account: accountId },
      {
        secret,
        algorithm: 'HS256',
        issuer: ISSUER,
        audience: AUDIENCE,
        subject: String(userId),
        jwtid: nonce,
        expiresIn: LIFETIME_SECONDS,
      },
    );
  }

  /** Checks signature, issuer, audience and expiry. Does not tell whether the state was used before. */
  async read(state: string, secret: string): Promise<StateReading> {
    const claims = state.length > MAX_STATE_LENGTH ? undefined : await this.claimsOf(state, secret);
    const start = claims && startOf(claims);
    if (!start || typeof claims.exp !== 'number') return { kind: 'invalid' };
    return { kind: claims.exp * 1000 > Date.now() ? 'valid' : 'expired', start };
  }

  /** Uses a state up. @returns false when it was used before, or never issued by this installation */
  async consume({ nonce, accountId, userId }: AuthorizationStart): Promise<boolean> {
    const [, consumed] = await this.database.query<[unknown[], number]>(
      `update ghl.oauth_states set consumed_at = now()
        where nonce = $1 and account_id = $2 and user_id = $3 and consumed_at is null`,
      [nonce, accountId, userId],
    );
    return consumed === 1;
  }

  /** Expiry is looked at afterwards, so that an expired state still leads back to its account's page. */
  private async claimsOf(state: string, secret: string): Promise<Claims | undefined> {
    try {
      return await this.jwt.verifyAsync<Claims>(state, {
        secret,
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
        ignoreExpiration: true,
      });
    } catch {
      return undefined;
    }
  }

  private async prune(): Promise<void> {
    await this.database.query(
      `delete from ghl.oauth_states where nonce in (
         select nonce from ghl.oauth_states where expires_at < now() - $1::interval
          limit ${PRUNE_AT_ONCE} for update skip locked)`,
      [PRUNE_AFTER],
    );
  }
}

function startOf({ account, sub, jti }: Claims): AuthorizationStart | undefined {
  const userId = Number(sub);
  if (!Number.isSafeInteger(account) || !Number.isSafeInteger(userId) || typeof jti !== 'string')
    return undefined;
  return { accountId: account as number, userId, nonce: jti };
}
