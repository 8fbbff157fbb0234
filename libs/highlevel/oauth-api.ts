import { ApiCalls } from './api-calls.js';
import { VERSION_2021_07 } from './api-versions.js';
import { DEFAULT_TIMEOUT_MS, exchange, type HttpAnswer, NetworkFailure } from './http-exchange.js';
import { type InstalledLocation, readInstalledLocations } from './location.js';
import { pauseAfterRefusal } from './rate-limit.js';
import { remoteMessage, traceIdOf, withoutCredentials } from './remote-message.js';
import {
  type KnownOwner,
  namesOwner,
  readTokenAnswer,
  type TokenAnswer,
  type UserType,
} from './token-answer.js';
import { classifyTokenFailure, TokenEndpointError } from './token-endpoint-error.js';
import { booleanOf, isRecord, numberOf, textOf } from './untyped-json.js';

export interface OAuthApiOptions {
  baseUrl: string;
  timeoutMs?: number;
}

/** Given with each call: an administrator may change them while the service runs. */
export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

export interface CodeExchange extends ClientCredentials {
  code: string;
  /** The registered one, as it was sent to the authorization page. */
  redirectUri?: string;
  /** A wish; the kind of installation decides what comes (HL 2.2). */
  userType?: UserType;
}

export interface Refresh extends ClientCredentials {
  refreshToken: string;
  /** As stored. */
  userType: UserType;
  redirectUri?: string;
}

/** Where the app is installed: a location, or a whole company. */
export type Reconnect = ClientCredentials & ({ locationId: string } | { companyId: string });

export interface ReconnectAnswer {
  authorizationCode: string;
  /** ISO 8601. */
  expiresAt?: string;
}

export interface InstalledLocationsQuery {
  companyId: string;
  /** See `appIdOf`. */
  appId: string;
  /** An access token with `userType: 'Company'`. */
  agencyToken: string;
  /** `true`: only locations that have the app. */
  isInstalled?: boolean;
  /** Part of the name. */
  query?: string;
  skip?: number;
  /** HighLevel's own default is 20. */
  limit?: number;
}

export interface InstalledLocationsPage {
  locations: InstalledLocation[];
  count: number | undefined;
  installToFutureLocations: boolean | undefined;
}

const TOKEN_PATH = '/oauth/token';
const RECONNECT_PATH = '/oauth/reconnect';
const FORM = 'application/x-www-form-urlencoded';

/**
 * HighLevel's OAuth endpoints (HL 2). `exchangeCode`, `refresh` and `reconnect` throw `TokenEndpointError`; the
 * calls of an agency, which carry its token, throw `HighLevelError`. Nothing here repeats a call.
 */
export class OAuthApi {
  constructor(private readonly options: OAuthApiOptions) {}

  /** Exchanges an authorization code, which works once. Branch on the answer's `userType` (HL 2.4). */
  async exchangeCode({ code, redirectUri, userType, ...credentials }: CodeExchange): Promise<TokenAnswer> {
    const fields = { grant_type: 'authorization_code', code, user_type: userType, redirect_uri: redirectUri };
    const answer = await this.token(credentials, fields, code);
    if (!namesOwner(answer)) throw unusable(TOKEN_PATH);
    return answer;
  }

  /**
   * Exchanges a refresh token, which is dead afterwards (HL 2.5): hold the installation's lock, and store the
   * answer before anything else. What is known of the owner need not be in the answer, lest the pair be lost.
   */
  refresh({ refreshToken, userType, redirectUri, ...credentials }: Refresh): Promise<TokenAnswer> {
    const fields = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      user_type: userType,
      redirect_uri: redirectUri,
    };
    return this.token(credentials, fields, refreshToken, { userType });
  }

  /** A new authorization code without the user, as long as the app is installed (HL 2.8). */
  async reconnect({ clientId, clientSecret, ...installation }: Reconnect): Promise<ReconnectAnswer> {
    const text = JSON.stringify({ clientKey: clientId, clientSecret, ...installation });
    const { status, body } = await this.post(RECONNECT_PATH, 'application/json', text, [clientSecret]);
    const authorizationCode = isRecord(body) ? textOf(body.authorizationCode) : undefined;
    if (authorizationCode === undefined) throw unusable(RECONNECT_PATH, status);
    return { authorizationCode, expiresAt: isRecord(body) ? textOf(body.expiresAt) : undefined };
  }

  /** Mints a location's token from its agency's (HL 2.7). The answer may come without a refresh token. */
  locationToken(owner: { companyId: string; locationId: string; agencyToken: string }): Promise<TokenAnswer> {
    const { companyId, locationId, agencyToken } = owner;
    return this.agencyCalls(companyId).send(
      {
        method: 'POST',
        path: '/oauth/locationToken',
        version: VERSION_2021_07,
        form: { companyId, locationId },
        repeatable: true, // each call mints another token
      },
      agencyToken,
      (body) => readTokenAnswer(body, { userType: 'Location', companyId, locationId }),
    );
  }

  /** One page of the company's locations (HL 2.7). */
  installedLocations(query: InstalledLocationsQuery): Promise<InstalledLocationsPage> {
    const { agencyToken, ...search } = query;
    return this.agencyCalls(query.companyId).send(
      {
        method: 'GET',
        path: '/oauth/installedLocations',
        version: VERSION_2021_07,
        query: search,
      },
      agencyToken,
      (body) => {
        const locations = isRecord(body) ? readInstalledLocations(body.locations) : undefined;
        if (locations === undefined || !isRecord(body)) return undefined;
        const installToFutureLocations = booleanOf(body.installToFutureLocations);
        return { locations, count: numberOf(body.count), installToFutureLocations };
      },
    );
  }

  private agencyCalls(companyId: string): ApiCalls {
    const { baseUrl, timeoutMs } = this.options;
    return new ApiCalls({ baseUrl, timeoutMs, resourceId: companyId });
  }

  private async token(
    { clientId, clientSecret }: ClientCredentials,
    fields: Readonly<Record<string, string | undefined>>,
    grant: string,
    known?: KnownOwner,
  ): Promise<TokenAnswer> {
    const form = new URLSearchParams({ client_id: clientId, client_secret: clientSecret });
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value);
    const { status, body } = await this.post(TOKEN_PATH, FORM, form.toString(), [clientSecret, grant]);
    const answer = readTokenAnswer(body, known);
    if (answer === undefined) throw unusable(TOKEN_PATH, status);
    return answer;
  }

  /** No `Authorization` and no `Version` on these calls (HL 2.2). @throws TokenEndpointError outside 2xx */
  private async post(
    path: string,
    type: string,
    body: string,
    secrets: readonly string[],
  ): Promise<HttpAnswer> {
    const { baseUrl, timeoutMs = DEFAULT_TIMEOUT_MS } = this.options;
    const answer = await exchange({
      method: 'POST',
      url: baseUrl.replace(/\/+$/, '') + path,
      headers: { accept: 'application/json', 'content-type': type },
      body,
      timeoutMs,
    }).catch((error: unknown) => {
      if (!(error instanceof NetworkFailure)) throw error;
      const { code: networkCode, maybeReceived: maybeExecuted } = error;
      throw new TokenEndpointError({ kind: 'transient', path, networkCode, maybeExecuted });
    });
    const { status, headers } = answer;
    if (status >= 200 && status < 300) return answer;
    const said = remoteMessage(answer.body);
    throw new TokenEndpointError({
      kind: classifyTokenFailure(status, said),
      path,
      status,
      remoteMessage: withoutCredentials(said, secrets),
      traceId: traceIdOf(answer.body, headers),
      retryAfterMs: status === 429 ? pauseAfterRefusal(headers) : undefined,
      maybeExecuted: status >= 500 || status === 408,
    });
  }
}

/** The app's id, which webhooks carry, too (HL 2.1). */
export function appIdOf(clientId: string): string {
  return clientId.split('-', 1)[0] ?? clientId;
}

function unusable(path: string, status = 200): TokenEndpointError {
  return new TokenEndpointError({
    kind: 'transient',
    path,
    status,
    remoteMessage: 'the answer cannot be used',
    maybeExecuted: true,
  });
}
