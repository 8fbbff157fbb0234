import { Injectable, Logger } from '@nestjs/common';
import { type AuditActor, AuditLog } from '#libs/audit';
import { AppConfig, type GhlCredentials, GlobalConfigService } from '#libs/config';
import { NotConfigured } from '#libs/errors';
import { OAuthApi, type TokenAnswer, TokenEndpointError } from '#libs/highlevel';
import {
  Agencies,
  grantFrom,
  Hooks,
  LocationAlreadyConnected,
  LocationProfiles,
  pairFrom,
} from '#libs/integrations';
import { Administrators } from './administrators.js';
import { type CallbackFailure, type CallbackOutcome } from './callback-failure.js';
import { OAuthStates } from './oauth-states.js';

/** The query of a callback; a parameter that is missing, empty or repeated is undefined (RFC 6749 3.1). */
export interface CallbackQuery {
  readonly code: string | undefined;
  readonly state: string | undefined;
  readonly error: string | undefined;
  /** RFC 9207; as it came. HighLevel sends none. */
  readonly issuer: unknown;
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
    private readonly profiles: LocationProfiles,
    private readonly audit: AuditLog,
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
    const refused = this.isOfAnotherServer(query) ? 'invalid_state' : refusalIn(query);
    const reading = await this.states.read(query.state ?? '', credentials.clientSecret);
    if (reading.kind === 'invalid') return { failure: refused ?? 'invalid_state' };
    const { start } = reading;
    const { accountId, userId } = start;
    if (reading.kind === 'expired') return { accountId, failure: refused ?? 'expired_state' };
    const unused = await this.states.consume(start);
    const actor = { kind: 'user', userId } as const;
    // Not recorded: whoever has seen a used address could go on and on.
    if (!unused) return { accountId, failure: refused ?? 'invalid_state' };
    if (refused) return this.recorded({ accountId, failure: refused }, actor);
    if (!(await this.administrators.includes(accountId, userId))) {
      return this.recorded({ accountId, failure: 'invalid_state' }, actor);
    }
    const outcome = await this.connect(accountId, query.code ?? '', credentials, actor);
    return this.recorded(outcome, actor);
  }

  /** Mix-up (RFC 9700 4.4): an answer that names another authorization server; its code is sent nowhere. */
  private isOfAnotherServer({ issuer }: CallbackQuery): boolean {
    if (issuer === undefined) return false;
    const { marketplaceUrl, apiUrl } = this.config.ghl;
    if (typeof issuer !== 'string' || !URL.canParse(issuer)) return true;
    return ![marketplaceUrl, apiUrl].some((url) => new URL(url).origin === new URL(issuer).origin);
  }

  /** What succeeds is recorded where it is stored. */
  private async recorded(outcome: CallbackOutcome, actor: AuditActor): Promise<CallbackOutcome> {
    const { accountId, failure: reason } = outcome;
    if (accountId === undefined || reason === undefined) return outcome;
    await this.audit.record({
      accountId,
      action: 'connection.connect',
      actor,
      outcome: 'failure',
      details: { reason },
    });
    return outcome;
  }

  private async connect(
    accountId: number,
    code: string,
    credentials: GhlCredentials,
    actor: AuditActor,
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
      if (answer.userType === 'Company') return await this.keepAgency(accountId, answer, askedAt, actor);
      const grant = grantFrom(answer, answer.locationId ?? '', askedAt);
      await this.profiles.read(await this.hooks.connect(accountId, grant, actor));
      return { accountId };
    } catch (error) {
      return { accountId, failure: this.failureOf(error) };
    }
  }

  private async keepAgency(
    accountId: number,
    answer: TokenAnswer,
    askedAt: Date,
    actor: AuditActor,
  ): Promise<CallbackOutcome> {
    const { companyId = '', approvedLocations = [], installToFutureLocations = false } = answer;
    const grant = { ...pairFrom(answer, askedAt), companyId, approvedLocations, installToFutureLocations };
    await this.agencies.store(accountId, grant, actor);
    this.logger.log({ msg: 'An agency authorized the app', accountId, companyId });
    return { accountId, companyId };
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
