import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig, type GhlCredentials, GlobalConfigService } from '#libs/config';
import { type Hook } from '#libs/database';
import { NotConfigured } from '#libs/errors';
import { OAuthApi, type TokenAnswer, TokenEndpointError } from '#libs/highlevel';
import {
  Agencies,
  expiryOf,
  grantFrom,
  HighLevelClients,
  Hooks,
  LocationAlreadyConnected,
} from '#libs/integrations';
import { Administrators } from './administrators.js';
import { type CallbackFailure, type CallbackOutcome } from './callback-failure.js';
import { OAuthStates } from './oauth-states.js';

/** A browser waits no longer (milliseconds) for the location's name. What comes later is stored all the same. */
const DESCRIBE_WAIT_MS = 3_000;

/** The query of a callback; a parameter that is missing, empty or repeated is undefined (RFC 6749 3.1). */
export interface CallbackQuery {
  readonly code: string | undefined;
  readonly state: string | undefined;
  readonly error: string | undefined;
}

/** Turns HighLevel's answer to an authorization into a connection. Never throws: whoever comes here needs a page. */
@Injectable()
export class OAuthCallback {
  private readonly logger = new Logger(OAuthCallback.name);

  constructor(
    private readonly states: OAuthStates,
    private readonly administrators: Administrators,
    private readonly oauth: OAuthApi,
    private readonly hooks: Hooks,
    private readonly agencies: Agencies,
    private readonly clients: HighLevelClients,
    private readonly globalConfig: GlobalConfigService,
    private readonly config: AppConfig,
  ) {}

  async complete(query: CallbackQuery): Promise<CallbackOutcome> {
    try {
      return await this.verify(query, await this.globalConfig.ghlCredentials());
    } catch (error) {
      return { failure: this.failureOf(error) };
    }
  }

  /** The state is used up whatever came with it, so that a refusal cannot be followed by a second try. */
  private async verify(query: CallbackQuery, credentials: GhlCredentials): Promise<CallbackOutcome> {
    const refused = refusalIn(query);
    const reading = await this.states.read(query.state ?? '', credentials.clientSecret);
    if (reading.kind === 'invalid') return { failure: refused ?? 'invalid_state' };
    const { start } = reading;
    const { accountId, userId } = start;
    if (reading.kind === 'expired') return { accountId, failure: refused ?? 'expired_state' };
    const unused = await this.states.consume(start);
    if (refused) return { accountId, failure: refused };
    if (!unused || !(await this.administrators.includes(accountId, userId))) {
      return { accountId, failure: 'invalid_state' };
    }
    return this.connect(accountId, query.code ?? '', credentials);
  }

  private async connect(
    accountId: number,
    code: string,
    credentials: GhlCredentials,
  ): Promise<CallbackOutcome> {
    try {
      const askedAt = new Date();
      const { redirectUri } = this.config.ghl;
      const answer = await this.oauth.exchangeCode({
        ...credentials,
        code,
        redirectUri,
        userType: 'Location',
      });
      if (answer.userType === 'Company') return await this.keepAgency(accountId, answer, askedAt);
      await this.connectLocation(accountId, answer, askedAt);
      return { accountId };
    } catch (error) {
      return { accountId, failure: this.failureOf(error) };
    }
  }

  private async connectLocation(accountId: number, answer: TokenAnswer, askedAt: Date): Promise<void> {
    const hook = await this.hooks.connect(accountId, grantFrom(answer, answer.locationId ?? '', askedAt));
    await Promise.race([this.describe(hook), pause(DESCRIBE_WAIT_MS, undefined, { ref: false })]);
  }

  private async keepAgency(accountId: number, answer: TokenAnswer, askedAt: Date): Promise<CallbackOutcome> {
    const { accessToken, refreshToken = '', companyId = '', scope, userId } = answer;
    const expiresAt = expiryOf(answer, askedAt);
    await this.agencies.store(accountId, { companyId, accessToken, refreshToken, expiresAt, scope, userId });
    this.logger.log({ msg: 'An agency authorized the app', accountId, companyId });
    return { accountId, companyId };
  }

  /** Proves the token and gives the name to show. Never throws: the connection stands also where this fails. */
  private async describe(hook: Hook): Promise<void> {
    try {
      const {
        name = null,
        timezone = null,
        country = null,
      } = await this.clients.forHook(hook).locations.get();
      await this.hooks.describe(hook, { name, timezone, country });
    } catch (error) {
      this.logger.warn({
        msg: 'A connected location could not be read',
        hookId: hook.id,
        error: nameOf(error),
      });
    }
  }

  private failureOf(error: unknown): CallbackFailure {
    if (error instanceof NotConfigured) return 'not_configured';
    if (error instanceof LocationAlreadyConnected) return 'location_already_connected';
    if (error instanceof TokenEndpointError) {
      this.logger.warn({
        msg: 'An authorization code was not exchanged',
        kind: error.kind,
        status: error.status,
      });
    } else {
      this.logger.error({ msg: 'An authorization could not be completed', error: nameOf(error) });
    }
    return 'token_exchange_failed';
  }
}

/** What HighLevel's redirect itself says went wrong. Its error texts are not documented (HL 2.1). */
function refusalIn({ code, error }: CallbackQuery): CallbackFailure | undefined {
  if (error === 'access_denied') return 'access_denied';
  if (error !== undefined) return 'token_exchange_failed';
  return code === undefined ? 'missing_code' : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
